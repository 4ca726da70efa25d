"""Running recorded cases."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Subgraph, Tolerance
from npu_hal.conformance.case import Case
from npu_hal.layers.difference import difference


def empty_outputs(case: Case) -> list[Array]:
    """Buffers for a case's outputs, filled with what no output should be by chance."""
    outputs: list[Array] = []
    for expected in case.outputs:
        buffer = np.empty_like(expected)
        buffer.view(np.uint8).fill(0x5A) if buffer.ndim else buffer.fill(90)
        outputs.append(buffer)
    return outputs


def run(subgraph: Subgraph, case: Case) -> list[Array]:
    """One inference of a case."""
    outputs = empty_outputs(case)
    subgraph.invoke(case.inputs)
    subgraph.read_outputs(outputs)
    return outputs


def assert_right(case: Case, outputs: Sequence[Array], tolerance: Tolerance) -> None:
    """Hold outputs against the recorded ones.

    A tolerance is for one operation; in a graph of several, each may add its own.
    """
    count = len(case.graph.operations)
    allowed = Tolerance(tolerance.steps * count, tolerance.relative * count, tolerance.absolute * count)
    for tensor, actual, expected in zip(case.graph.output_tensors, outputs, case.outputs, strict=True):
        found = difference(tensor, actual, expected, allowed)
        assert found.is_tolerable, (
            f"{case.name}: output {tensor.name!r} differs from the reference by up to {found.largest:g} in "
            f"{found.wrong:.1%} of its elements; the device declares {tolerance}"
        )
