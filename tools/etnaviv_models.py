"""Write docs/etnaviv-models.md: whole models through the delegate on both emulated chips.

Run as a script from a checkout; the models are those of the shared reference material (NPU_HAL_SHARED names it).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.conftest import shared_folder
from tests.etnaviv.golden_weights import CHIPS
from tests.etnaviv.whole_models import MODELS, Measurement, WholeModel, measure, optimised

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "etnaviv-models.md"

INTRODUCTION = """\
# Models on the emulated Vivante NPUs

Whole models through the TensorFlow Lite delegate with the etnaviv driver, on the emulated NPU of the A311D (V7) and of
the i.MX 8M Plus (V8), against TensorFlow Lite's reference kernels (BUILTIN_REF) on the same picture. Nothing here ran
on a chip.

"sums" is the share of the model's multiply-accumulates that runs on the NPU, "operations" how many of its operations
do; what is left to the CPU is listed below each table. An operation on the NPU is within one step of the reference
kernels; over a whole model such steps add up, as they do between any two implementations that round differently. The
last column shows it for XNNPACK, with which TensorFlow Lite runs these models by default: correlation with the
reference kernels, and largest difference. Detections whose scores are nearly equal change places, which outputs that
list them by score show as large differences.
`tools/etnaviv_models.py` writes this file.
"""

CHIP_NAMES = {"a311d": "A311D", "imx8mp": "i.MX 8M Plus"}
COLUMNS = ("model", "picture", "operations", "sums", "partitions", "output", "correlation", "difference", "XNNPACK")


def rows(shared: Path, model: WholeModel, measurement: Measurement) -> Iterator[tuple[str, ...]]:
    """One row for each output; what is the same for all is in the first."""
    first = (
        model.name,
        model.picture,
        f"{measurement.delegated} of {measurement.operations}",
        f"{measurement.macs_share:.1%}",
        str(measurement.partitions),
    )
    for number, (output, default) in enumerate(zip(measurement.outputs, optimised(shared, model), strict=True)):
        yield (
            *(first if number == 0 else ("",) * len(first)),
            output.name.removeprefix("TFLite_"),
            f"{output.correlation:.5f}",
            f"{output.largest_difference:.4g} of {output.expected.min():.4g} to {output.expected.max():.4g}",
            f"{default.correlation:.5f}, {default.largest_difference:.4g}",
        )


def refusals(model: WholeModel, measurement: Measurement) -> Iterator[str]:
    """Each reason with the number of operations that it keeps from the NPU."""
    for reason, count in Counter(measurement.refusals.values()).items():
        yield f" * {model.name}: {reason}" + (f" ({count} operations)" if count > 1 else "")


def section(chip: str, shared: Path) -> str:
    lines = [f"## {CHIP_NAMES[chip]}", "", "| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    left: dict[str, None] = {}
    for model in MODELS:
        measurement = measure(shared, model, chip)
        lines.extend("| " + " | ".join(row) + " |" for row in rows(shared, model, measurement))
        left.update(dict.fromkeys(refusals(model, measurement)))
    return "\n".join([*lines, "", "Left to the CPU:", "", *left, ""])


def main() -> None:
    shared = shared_folder()
    DOCUMENT.write_text("\n".join([INTRODUCTION, *(section(chip, shared) for chip in CHIPS)]), encoding="utf-8")
    print(DOCUMENT)


if __name__ == "__main__":
    main()
