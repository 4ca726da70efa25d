"""What runs in place of the operators that a delegate took over."""

import ctypes
import struct
import time
from collections.abc import Sequence
from ctypes import addressof, c_char, c_void_p, sizeof
from itertools import pairwise

from npu_hal.api import InvalidState, Tensor
from teflon import debug
from teflon.partition import CompiledPartition, Partition
from teflon.tensor_table import Array, view_memory
from teflon.tflite_abi import POINTER_BYTES, AllocationType, TfLiteContext, TfLiteTensor, new_int_array, read_ints

_TENSOR_BYTES = sizeof(TfLiteTensor)


class Kernel:
    """A partition, bound to the memory that the runtime has given its inputs and outputs.

    The arrays that the subgraph sees are views of the runtime's arena. The runtime may move tensors between two
    invocations without notice, so their addresses are compared at each, and the views rebuilt if any has changed.
    """

    def __init__(self, partition: Partition, context: TfLiteContext, owner: object) -> None:
        self._partition = partition
        # None unless the runtime has prepared the kernel.
        self._compiled: CompiledPartition | None = None
        self._context = context
        # The runtime holds pointers into the delegate for as long as it holds a kernel of it.
        self._owner = owner
        # A cell over one field, which costs less to read than the field of a structure.
        self._table_cell = c_void_p.from_address(addressof(context) + TfLiteContext.tensors.offset)
        self._unbind()

    def prepare(self) -> None:
        """Compile for other shapes if the inputs have any, and tell the runtime those of the outputs.

        The runtime may allocate memory after this. Raises what updating the partition raises.
        """
        self._unbind()
        compiled = self._partition.update()
        for index, tensor in compiled.inputs:
            self._require_shape(index, tensor)
        for index, tensor in compiled.outputs:
            if read_ints(self._native(index).dims) != tensor.shape:
                self._resize(index, tensor)
        indices = sorted({index for index, _ in (*compiled.inputs, *compiled.outputs)})
        first = indices[0] if indices else 0
        self._window_start = first * _TENSOR_BYTES + TfLiteTensor.data.offset
        self._window_bytes = (indices[-1] - first) * _TENSOR_BYTES + POINTER_BYTES if indices else 0
        self._read_addresses = struct.Struct(_address_format(indices)).unpack_from
        self._subgraph = compiled.subgraph
        self._compiled = compiled

    def invoke(self) -> None:
        """Run one inference on the runtime's memory."""
        if self._table_cell.value != self._table or self._read_addresses(self._window) != self._addresses:
            self._bind()
        self._subgraph.invoke(self._input_views)
        self._subgraph.read_outputs(self._output_views)

    def close(self) -> None:
        """Release the subgraph."""
        self._unbind()
        self._partition.close()

    def _unbind(self) -> None:
        self._compiled = None
        self._table: int | None = 0
        self._window: ctypes.Array[c_char] | bytes = b""
        self._addresses: tuple[int, ...] = ()
        self._input_views: tuple[Array, ...] = ()
        self._output_views: tuple[Array, ...] = ()

    def _bind(self) -> None:
        table = self._table_cell.value
        compiled = self._compiled
        if compiled is None:
            raise InvalidState("the operators have not been prepared, or the subgraph has been closed")
        if not table:
            raise InvalidState("the runtime has no tensors")
        for index, tensor in compiled.outputs:
            self._require_memory(index, tensor)
        self._input_views = tuple(self._view(index, tensor) for index, tensor in compiled.inputs)
        self._output_views = tuple(self._view(index, tensor) for index, tensor in compiled.outputs)
        for view in self._input_views:
            view.flags.writeable = False
        self._window = (c_char * self._window_bytes).from_address(table + self._window_start)
        self._addresses = self._read_addresses(self._window)
        self._table = table

    def _view(self, index: int, tensor: Tensor) -> Array:
        self._require_shape(index, tensor)
        native = self._native(index)
        if not native.data and tensor.nbytes:
            raise InvalidState(f"tensor {index} {tensor.name!r} has no memory; allocate the tensors first")
        if native.bytes != tensor.nbytes:
            raise InvalidState(
                f"tensor {index} {tensor.name!r} was compiled with {tensor.nbytes} bytes and now has {native.bytes}"
            )
        return view_memory(native.data, tensor.dtype, tensor.shape)

    def _require_shape(self, index: int, tensor: Tensor) -> None:
        shape = read_ints(self._native(index).dims)
        if shape != tensor.shape:
            raise InvalidState(
                f"tensor {index} {tensor.name!r} was compiled with shape {list(tensor.shape)}, but the runtime gives "
                f"it {list(shape)}"
            )

    def _require_memory(self, index: int, tensor: Tensor) -> None:
        """Have a dynamic tensor allocated, whose memory the runtime may have released since it was prepared."""
        native = self._native(index)
        if not native.data and native.allocation_type == AllocationType.DYNAMIC:
            self._resize(index, tensor)

    def _resize(self, index: int, tensor: Tensor) -> None:
        address = addressof(self._native(index))
        # The runtime takes over the array, also where it refuses.
        if self._context.ResizeTensor(addressof(self._context), address, new_int_array(tensor.shape)):
            raise InvalidState(
                f"the runtime does not give tensor {index} {tensor.name!r} the shape {list(tensor.shape)}"
            )

    def _native(self, index: int) -> TfLiteTensor:
        return TfLiteTensor.from_address((self._table_cell.value or 0) + index * _TENSOR_BYTES)


class TimedKernel(Kernel):
    """A kernel that tells how long each invocation took."""

    def __init__(self, partition: Partition, context: TfLiteContext, owner: object) -> None:
        super().__init__(partition, context, owner)
        self._name = partition.name

    def invoke(self) -> None:
        """Run one inference, and log its duration."""
        start = time.perf_counter()
        super().invoke()
        debug.log_invocation(self._name, time.perf_counter() - start)


def _address_format(indices: Sequence[int]) -> str:
    """The `struct` format of the data pointers of tensors by ascending index, from the first pointer on."""
    gaps = [(later - earlier) * _TENSOR_BYTES - POINTER_BYTES for earlier, later in pairwise(indices)]
    if not indices:
        return "="
    return "=" + _POINTER + "".join(f"{gap}x{_POINTER}" for gap in gaps)


_POINTER = {4: "I", 8: "Q"}[POINTER_BYTES]
