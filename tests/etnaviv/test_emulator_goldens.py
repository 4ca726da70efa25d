"""The emulator runs another driver's job lists, rebuilt from fields and bytes, and agrees with TFLite's kernels."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from npu_hal_etnaviv.emulator.emulated_interface import open_emulator
from numpy.typing import NDArray

from npu_hal.api.errors import DeviceLost
from tests.etnaviv.golden_replay import GoldenReplay

interpreter = pytest.importorskip("ai_edge_litert.interpreter")

CHIPS = ("a311d", "imx8mp")

_FED_ADDS = "|".join(["8", "11", "14", "19", "22", "25", "32", "35", "38", "45", "49", "53", "60", "64", "68"])

WRONG_IN_THE_GOLDENS = {
    "a311d|imx8mp": {
        rf"mobiledet({_FED_ADDS})": "an ADD of graph inputs, which that driver leaves in NHWC",
        "mobiledet82": "depthwise stride 2 SAME with the padding of another size",
        "mb01": "the file's shapes are not consistent",
    },
    "a311d": {
        r".*_int8": "int8 weights are stored without + 128",
        r"g_add_112_k1_i1_o120": "ADD of more than 8191 rows wraps the size fields",
        r"g_dw_5x5_k5_i32_o32_s2_same": "the reshuffle has padded already",
        r"g_dw_6x6_k3_i32_o32_s2_same": "weights for a reshuffled input, and no reshuffle",
        r"g_fc_64_10": "one input channel, 8x8: the taps' strips are not split, as in 5x5 convolutions",
    },
    "imx8mp": {},
}
"""Names of models, as regular expressions, whose golden does not compute what the model says, and why."""

LARGER_DIFFERENCES = {
    r"g_resnetish|g_mobilenet_v1_like|g_chain_mbv1|g_add_chain": 2,
    r"g_add_.*_int8": 2,
}
"""Chains of many jobs, each of which may round otherwise than TFLite, differ by more than 1."""


def reason_to_differ(chip: str, model: str) -> str | None:
    for chips, patterns in WRONG_IN_THE_GOLDENS.items():
        if chip in chips.split("|"):
            for pattern, reason in patterns.items():
                if re.fullmatch(pattern, model):
                    return reason
    return None


def tolerance(model: str) -> int:
    return next((limit for pattern, limit in LARGER_DIFFERENCES.items() if re.fullmatch(pattern, model)), 1)


def model_path(shared: Path, model: str) -> Path:
    return next(
        path for folder in ("layers", "generated") for path in (shared / "models" / folder).rglob(f"{model}.tflite")
    )


def is_complete(path: Path) -> bool:
    """Whether all coefficient bytes are there: those of the largest models are not part of the set."""
    golden = json.loads(path.read_text())
    wanted = {
        f"sg{subgraph['subgraph']}.job{job['job']}"
        for subgraph in golden["subgraphs"]
        for job in subgraph["ops"]
        if job["type"] == "NN"
    }
    coefficients = path.with_suffix(".coefficients.npz")
    if not coefficients.exists():
        return not wanted
    with np.load(coefficients) as arrays:
        return wanted <= set(arrays.files)


class ReferenceRun:
    """A model run by TFLite's reference kernels on random inputs, every tensor kept."""

    def __init__(self, path: Path) -> None:
        self._interpreter = interpreter.Interpreter(
            str(path),
            experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        self._interpreter.allocate_tensors()
        random = np.random.default_rng(20)
        for details in self._interpreter.get_input_details():
            limits = np.iinfo(details["dtype"])
            values = random.integers(limits.min, limits.max, details["shape"], details["dtype"], endpoint=True)
            self._interpreter.set_tensor(details["index"], values)
        self._interpreter.invoke()

    def tensor(self, index: int) -> NDArray[np.uint8]:
        """A tensor's bytes as the NPU holds them: unsigned, int8 raised by 128."""
        values: NDArray[np.uint8] | NDArray[np.int8] = self._interpreter.get_tensor(index).reshape(-1)
        if values.dtype == np.int8:
            return (values.astype(np.int16) + 128).astype(np.uint8)
        return values.astype(np.uint8)


def largest_difference(chip: str, golden: Path, model: Path) -> int:
    reference = ReferenceRun(model)
    with open_emulator(f"emulator:{chip}") as kernel:
        jobs = GoldenReplay(golden, kernel)
        for subgraph in jobs.subgraphs:
            for index in jobs.boundary(subgraph)[0]:
                jobs.tensor(subgraph, index)[:] = reference.tensor(index)
        jobs.run()
        return max(
            int(np.abs(jobs.tensor(subgraph, index).astype(int) - reference.tensor(index)).max())
            for subgraph in jobs.subgraphs
            for index in jobs.boundary(subgraph)[1]
        )


def golden_models() -> list[str]:
    from tests.conftest import shared_folder

    folder = shared_folder() / "golden" / "a311d"
    return sorted(path.stem for path in folder.glob("*.json") if not path.stem.startswith("full."))


@pytest.mark.parametrize("model", golden_models())
@pytest.mark.parametrize("chip", CHIPS)
def test_a_golden_job_list_computes_what_tflite_computes(shared: Path, chip: str, model: str) -> None:
    golden = shared / "golden" / chip / f"{model}.json"
    if not is_complete(golden):
        pytest.skip("its coefficient bytes are too large to be among the goldens")
    reason = reason_to_differ(chip, model)
    if reason is None:
        assert largest_difference(chip, golden, model_path(shared, model)) <= tolerance(model)
        return
    try:
        difference = largest_difference(chip, golden, model_path(shared, model))
    except (DeviceLost, ValueError):
        return
    assert difference > tolerance(model), f"the golden is right: {reason} is no exception"
