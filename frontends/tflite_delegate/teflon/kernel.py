"""What runs in place of the operators that a delegate took over."""

import ctypes
import struct
import time
from collections.abc import Sequence
from ctypes import addressof, c_char, c_void_p, sizeof
from itertools import pairwise

from npu_hal.api import InvalidState, Subgraph, Tensor
from teflon import debug
from teflon.candidates import BoundGraph
from teflon.tensor_table import Array, view_memory
from teflon.tflite_abi import POINTER_BYTES, TfLiteContext, TfLiteTensor, read_ints

_TENSOR_BYTES = sizeof(TfLiteTensor)


class Kernel:
    """A compiled subgraph, bound to the memory that the runtime has given its inputs and outputs.

    The arrays that the subgraph sees are views of the runtime's arena. The runtime may move tensors between two
    invocations without notice, so their addresses are compared at each, and the views rebuilt if any has changed.
    """

    def __init__(self, bound: BoundGraph, subgraph: Subgraph, context: TfLiteContext, owner: object) -> None:
        self._inputs = tuple(zip(bound.inputs, bound.graph.input_tensors, strict=True))
        self._outputs = tuple(zip(bound.outputs, bound.graph.output_tensors, strict=True))
        self._subgraph = subgraph
        # The runtime holds pointers into the delegate for as long as it holds a kernel of it.
        self._owner = owner
        # A cell over one field, which costs less to read than the field of a structure.
        self._table_cell = c_void_p.from_address(addressof(context) + TfLiteContext.tensors.offset)
        indices = sorted({*bound.inputs, *bound.outputs})
        self._window_start = indices[0] * _TENSOR_BYTES + TfLiteTensor.data.offset
        self._window_bytes = (indices[-1] - indices[0]) * _TENSOR_BYTES + POINTER_BYTES
        self._read_addresses = struct.Struct(_address_format(indices)).unpack_from
        self._unbind()

    def prepare(self) -> None:
        """Check that the shapes are still those that were compiled; the runtime may allocate memory after this."""
        for index, tensor in (*self._inputs, *self._outputs):
            shape = read_ints(self._native(index).dims)
            if shape != tensor.shape:
                raise InvalidState(
                    f"tensor {index} {tensor.name!r} was compiled with shape {list(tensor.shape)} and now has "
                    f"{list(shape)}; apply the delegate again after resizing"
                )
        self._unbind()

    def invoke(self) -> None:
        """Run one inference on the runtime's memory."""
        if self._table_cell.value != self._table or self._read_addresses(self._window) != self._addresses:
            self._bind()
        self._subgraph.invoke(self._input_views)
        self._subgraph.read_outputs(self._output_views)

    def close(self) -> None:
        """Release the subgraph."""
        self._unbind()
        self._subgraph.close()

    def _unbind(self) -> None:
        self._table: int | None = 0
        self._window: ctypes.Array[c_char] | bytes = b""
        self._addresses: tuple[int, ...] = ()
        self._input_views: tuple[Array, ...] = ()
        self._output_views: tuple[Array, ...] = ()

    def _bind(self) -> None:
        table = self._table_cell.value
        if not table:
            raise InvalidState("the runtime has no tensors")
        self._input_views = tuple(self._view(index, tensor) for index, tensor in self._inputs)
        self._output_views = tuple(self._view(index, tensor) for index, tensor in self._outputs)
        for view in self._input_views:
            view.flags.writeable = False
        self._window = (c_char * self._window_bytes).from_address(table + self._window_start)
        self._addresses = self._read_addresses(self._window)
        self._table = table

    def _view(self, index: int, tensor: Tensor) -> Array:
        native = self._native(index)
        if not native.data and tensor.nbytes:
            raise InvalidState(f"tensor {index} {tensor.name!r} has no memory; allocate the tensors first")
        if native.bytes != tensor.nbytes:
            raise InvalidState(
                f"tensor {index} {tensor.name!r} was compiled with {tensor.nbytes} bytes and now has {native.bytes}"
            )
        return view_memory(native.data, tensor.dtype, tensor.shape)

    def _native(self, index: int) -> TfLiteTensor:
        return TfLiteTensor.from_address((self._table_cell.value or 0) + index * _TENSOR_BYTES)


class TimedKernel(Kernel):
    """A kernel that tells how long each invocation took."""

    def __init__(self, bound: BoundGraph, subgraph: Subgraph, context: TfLiteContext, owner: object) -> None:
        super().__init__(bound, subgraph, context, owner)
        self._name = bound.graph.name

    def invoke(self) -> None:
        """Run one inference, and log its duration."""
        start = time.perf_counter()
        super().invoke()
        debug.log_invocation(self._name, time.perf_counter() - start)


def _address_format(indices: Sequence[int]) -> str:
    """The `struct` format of the data pointers of tensors by ascending index, from the first pointer on."""
    gaps = [(later - earlier) * _TENSOR_BYTES - POINTER_BYTES for earlier, later in pairwise(indices)]
    return "=" + _POINTER + "".join(f"{gap}x{_POINTER}" for gap in gaps)


_POINTER = {4: "I", 8: "Q"}[POINTER_BYTES]
