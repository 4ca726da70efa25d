"""Stride 2 with SAME padding at every small size, where the padding before the image varies with size and kernel."""

from typing import Any

import pytest

from npu_hal.api import Graph, GraphBuilder, Padding
from npu_hal_etnaviv.driver import EtnavivDriver
from tests.etnaviv.golden_weights import CHIPS
from tests.etnaviv.graphs import append_convolution, append_depthwise, image_input, random_inputs
from tests.etnaviv.running import largest_difference, run_on
from tests.litert import run_graph

SIZES = range(1, 18)
KERNELS = range(1, 8)


def strided(height: int, width: int, kernel: int) -> Graph:
    """A dense and a depthwise convolution of one input."""
    builder = GraphBuilder()
    x = image_input(builder, (1, height, width, 3))
    fields: dict[str, Any] = {"stride_height": 2, "stride_width": 2, "padding": Padding.SAME}
    outputs = [append_convolution(builder, x, 5, kernel, **fields), append_depthwise(builder, x, kernel, **fields)]
    return builder.build(outputs)


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_size(chip: str, kernel: int) -> None:
    wrong = []
    with EtnavivDriver().open(f"emulator:{chip}") as device:
        for size in SIZES:
            # Not square, so that an exchange of the axes shows, and each parity meets each.
            for width in (size, size + 3):
                graph = strided(size, width, kernel)
                inputs = random_inputs(graph, size)
                outputs, expected = run_on(device, graph, inputs), run_graph(graph, inputs)
                differences = [largest_difference(*pair) for pair in zip(outputs, expected, strict=True)]
                if max(differences) > 1:
                    wrong.append((size, width, differences))
    assert not wrong
