"""A bar chart of a benchmark."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from npu_hal.api import NpuHalError
from npu_hal.bench.session import Result


def require_plotting() -> None:
    """Raise `NpuHalError` if what draws charts is not installed."""
    if find_spec("matplotlib") is None:
        raise NpuHalError("a chart needs matplotlib: install npu-hal[plot]")


def draw(results: Sequence[Result], path: Path) -> None:
    """Draw the median time of each contender with each model, with the minimum and p90 as its range."""
    from matplotlib.figure import Figure

    models = list(dict.fromkeys(result.model for result in results))
    contenders = list(dict.fromkeys(result.contender for result in results))
    figure = Figure(figsize=(8, 1.5 + 0.45 * len(models) * (len(contenders) + 0.6)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(contenders)
    for number, contender in enumerate(contenders):
        found = [(models.index(item.model), item) for item in results if item.contender == contender and item.seconds]
        if not found:
            continue
        medians = [item.median * 1e3 for _, item in found]
        ranges = [
            [median - item.minimum * 1e3 for median, (_, item) in zip(medians, found, strict=True)],
            [max(item.p90 * 1e3 - median, 0.0) for median, (_, item) in zip(medians, found, strict=True)],
        ]
        places = [position + (number - (len(contenders) - 1) / 2) * height for position, _ in found]
        bars = axes.barh(places, medians, height, xerr=ranges, label=contender, capsize=3)
        axes.bar_label(bars, labels=[f"{median:.2f}" for median in medians], padding=4, fontsize=8)
    axes.set_yticks(range(len(models)), models)
    axes.invert_yaxis()
    axes.set_xlabel("ms per inference: median, from minimum to p90")
    axes.margins(x=0.15)
    figure.legend(loc="outside lower center", ncols=min(len(contenders), 3))
    figure.savefig(path, dpi=120, format="png")
