"""The runtime's tensors as tensors of the driver interface."""

import ctypes
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from npu_hal.api import DType, InvalidGraph, Quantization, Tensor, UnsupportedOperation
from teflon.tflite_abi import (
    ELEMENT_TYPES,
    AllocationType,
    QuantizationType,
    TfLiteAffineQuantization,
    TfLiteContext,
    TfLiteTensor,
    read_floats,
    read_ints,
    read_text,
)

Array = np.ndarray[Any, Any]
_BYTES = ctypes.sizeof(TfLiteTensor)


class TensorTable(Sequence[Tensor]):
    """The tensors of one subgraph by the runtime's index, read when they are first asked for.

    Asking for a tensor that the interface cannot express raises `UnsupportedOperation` with the reason, which leaves
    the operators that use it to the runtime.
    """

    def __init__(self, context: TfLiteContext) -> None:
        self._context = context
        self._read: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return int(self._context.tensors_size)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return tuple(self[position] for position in range(*index.indices(len(self))))
        tensor = self._read.get(index)
        if tensor is None:
            tensor = self._read[index] = read_tensor(index, self.native(index))
        return tensor

    def native(self, index: int) -> TfLiteTensor:
        """The runtime's own record of a tensor; raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"tensor {index} of {len(self)}")
        return TfLiteTensor.from_address(self._context.tensors + index * _BYTES)


def read_tensor(index: int, native: TfLiteTensor) -> Tensor:
    """The tensor that `native` describes; constants are read-only views of the model's own memory.

    Raises `UnsupportedOperation` if the interface cannot express it.
    """
    name = (native.name or b"").decode(errors="replace")
    label = f"tensor {index} {name!r}"
    dtype = ELEMENT_TYPES.get(native.type)
    if dtype is None:
        raise UnsupportedOperation(f"{label} has elements of TfLiteType {native.type}, which npu-hal does not have")
    if native.is_variable:
        raise UnsupportedOperation(f"{label} is a variable, which keeps its value from one invocation to the next")
    if native.allocation_type == AllocationType.DYNAMIC:
        raise UnsupportedOperation(f"{label} is dynamic: its shape is known only when the model runs")
    if native.sparsity:
        raise UnsupportedOperation(f"{label} is sparse")
    shape = read_ints(native.dims)
    try:
        is_constant = native.allocation_type == AllocationType.MMAP_RO and bool(native.data)
        return Tensor(
            name=name,
            shape=shape,
            dtype=DType(dtype.name),
            quantization=_read_quantization(label, native, dtype),
            data=view_memory(native.data, dtype, shape) if is_constant else None,
        )
    except InvalidGraph as error:
        raise UnsupportedOperation(str(error)) from None


def view_memory(address: int | None, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """An array over memory that somebody else owns and keeps; nothing is copied. `address` may be 0 for no elements."""
    nbytes = dtype.itemsize
    for size in shape:
        nbytes *= size
    if nbytes == 0:
        return np.empty(shape, dtype)
    if not address:
        raise ValueError("there is no memory to view")
    return np.ndarray(shape, dtype, (ctypes.c_ubyte * nbytes).from_address(address))


def _read_quantization(label: str, native: TfLiteTensor, dtype: np.dtype[Any]) -> Quantization | None:
    """Per axis if there are several scales; what floats and booleans say of quantisation has no meaning."""
    quantization = native.quantization
    if quantization.type == QuantizationType.NONE or not quantization.params or dtype.kind not in "iu":
        return None
    if quantization.type != QuantizationType.AFFINE:
        raise UnsupportedOperation(f"{label} has a quantisation of kind {quantization.type}; only affine ones are known")
    affine = TfLiteAffineQuantization.from_address(quantization.params)
    scales, zero_points = read_floats(affine.scale), read_ints(affine.zero_point)
    if not scales:
        return None
    if len(zero_points) <= 1:
        zero_points = (zero_points or (0,)) * len(scales)
    axis = affine.quantized_dimension if len(scales) > 1 else None
    return Quantization(scales=scales, zero_points=zero_points, axis=axis)


def tensor_name(native: TfLiteTensor) -> str:
    """The name of a tensor, "" if it has none."""
    return read_text(ctypes.cast(native.name, ctypes.c_void_p).value)
