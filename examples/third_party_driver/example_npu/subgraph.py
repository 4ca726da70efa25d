"""A compiled graph."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from npu_hal.api import AnyOperation, Array, Graph, InvalidState, MaxPool2D, Relu, Subgraph, Tensor, check_buffers

Kernel = Callable[[Array], Array]


class ExampleSubgraph(Subgraph):
    """Runs the operations in their order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._kernels = [_kernel(operation, graph) for operation in graph.operations]
        self._queued: tuple[Array, ...] | None = None
        self._closed = False

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Queue an inference. A driver for a chip submits its command stream here, and does not wait."""
        self._require_open()
        check_buffers(self._graph.input_tensors, inputs, "input")
        self._queued = tuple(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Wait, and fill the caller's buffers. A driver for a chip waits for its fence, with a time-out."""
        self._require_open()
        if self._queued is None:
            raise InvalidState("no inference is queued: call invoke before read_outputs")
        check_buffers(self._graph.output_tensors, outputs, "output", writable=True)
        values: dict[int, Array] = dict(zip(self._graph.inputs, self._queued, strict=True))
        self._queued = None
        for operation, kernel in zip(self._graph.operations, self._kernels, strict=True):
            values[operation.outputs[0]] = kernel(values[operation.inputs[0]])
        for index, output in zip(self._graph.outputs, outputs, strict=True):
            np.copyto(output, values[index])

    def close(self) -> None:
        """Release what was compiled; calling this again does nothing."""
        self._closed = True
        self._queued = None

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("the subgraph was closed; create it again")


def _kernel(operation: AnyOperation, graph: Graph) -> Kernel:
    if isinstance(operation, Relu):
        return _relu(graph.tensors[operation.input])
    if isinstance(operation, MaxPool2D):
        return lambda x: _max_pool(x, operation)
    raise AssertionError(f"supports refuses {operation.kind}")


def _relu(tensor: Tensor) -> Kernel:
    # A stored value below the zero point is a negative number.
    zero: Any = tensor.quantization.zero_point if tensor.quantization is not None else 0
    return lambda x: np.maximum(x, np.array(zero, x.dtype))


def _max_pool(x: Array, pool: MaxPool2D) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(x, pool.filter_hw, axis=(1, 2))
    return np.asarray(windows[:, :: pool.stride_height, :: pool.stride_width].max(axis=(-2, -1)))
