"""Running graphs on emulated NPUs."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Device, Graph


def run_on(device: Device, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of one inference."""
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with device.create_subgraph(graph) as subgraph:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs


def largest_difference(first: Array, second: Array) -> int:
    """Of two integer arrays of one shape; they are taken as int32."""
    assert first.shape == second.shape
    return int(np.abs(first.astype(np.int32) - second.astype(np.int32)).max(initial=0))
