"""The runtime's tensors as tensors of the driver interface."""

import ctypes
import math
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from npu_hal.api import DType, InvalidGraph, InvalidState, Quantization, Shape, Tensor, UnsupportedOperation
from teflon.tflite_abi import (
    AllocationType,
    QuantizationType,
    TfLiteAffineQuantization,
    TfLiteContext,
    TfLiteTensor,
    read_floats,
    read_ints,
)

Array = np.ndarray[Any, Any]
# By TfLiteType.
_ELEMENT_TYPES = {
    1: DType.FLOAT32,
    2: DType.INT32,
    3: DType.UINT8,
    4: DType.INT64,
    6: DType.BOOL,
    7: DType.INT16,
    8: DType.COMPLEX64,
    9: DType.INT8,
}
_BYTES = ctypes.sizeof(TfLiteTensor)


class TensorTable(Sequence[Tensor]):
    """The tensors of one subgraph by the runtime's index, read when they are first asked for.

    What the runtime says of a computed tensor's shape is a hint until it has prepared the operator that computes it;
    `infer` replaces it. Asking for a tensor that the interface cannot express, or whose shape is not known, raises
    `UnsupportedOperation` with the reason, which leaves the operators that use it to the runtime.
    """

    def __init__(self, context: TfLiteContext, constants: dict[int, Tensor] | None = None) -> None:
        self._context = context
        self._constants = {} if constants is None else constants
        self._read: dict[int, Tensor] = {}
        self._inferred: set[int] = set()
        self._unknown: dict[int, str] = {}

    def __len__(self) -> int:
        return int(self._context.tensors_size)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return tuple(self[position] for position in range(*index.indices(len(self))))
        if index in self._unknown:
            raise UnsupportedOperation(self._unknown[index])
        tensor = self._read.get(index)
        if tensor is None:
            tensor = self._read[index] = self._constants.get(index) or read_tensor(index, self.native(index))
            if tensor.is_constant:
                self._constants[index] = tensor
        return tensor

    @property
    def unknown(self) -> Mapping[int, str]:
        """Why shapes are not known, by index."""
        return self._unknown

    def anew(self) -> "TensorTable":
        """A table of the tensors as they are now, with the same constants."""
        return TensorTable(self._context, self._constants)

    def native(self, index: int) -> TfLiteTensor:
        """The runtime's own record of a tensor; raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"tensor {index} of {len(self)}")
        return TfLiteTensor.from_address(self._context.tensors + index * _BYTES)

    def native_shape(self, index: int) -> Shape:
        """The shape that the runtime says a tensor has."""
        return read_ints(self.native(index).dims)

    def label(self, index: int) -> str:
        """How messages call a tensor."""
        return _label(index, self.native(index))

    def infer(self, index: int, shape: Shape) -> None:
        """Give a computed tensor the shape that its operator computes."""
        tensor = self[index]
        self._inferred.add(index)
        if tensor.shape != shape:
            self._read[index] = Tensor(
                name=tensor.name, shape=shape, dtype=tensor.dtype, quantization=tensor.quantization
            )

    def make_constant(self, index: int, data: Array) -> None:
        """Give a computed tensor the contents that are known for it, which fit its shape and type."""
        tensor = self[index]
        self._read[index] = Tensor(
            name=tensor.name, shape=tensor.shape, dtype=tensor.dtype, quantization=tensor.quantization, data=data
        )

    def leave(self, index: int, unknown: str | None = None) -> None:
        """Note that the runtime computes a tensor: its shape is the runtime's, or `unknown` for the reason given."""
        self._read.pop(index, None)
        self._inferred.discard(index)
        if unknown is not None:
            self._unknown[index] = unknown

    def given_shapes(self) -> dict[int, Shape]:
        """The shapes that all others were inferred from, by index."""
        return {
            index: tensor.shape
            for index, tensor in self._read.items()
            if index not in self._inferred and not tensor.is_constant
        }


def read_tensor(index: int, native: TfLiteTensor) -> Tensor:
    """The tensor that `native` describes; constants are read-only views of the model's own memory.

    Raises `UnsupportedOperation` if the interface cannot express it.
    """
    label = _label(index, native)
    dtype = _ELEMENT_TYPES.get(native.type)
    if dtype is None:
        raise UnsupportedOperation(f"{label} has elements of TfLiteType {native.type}, which npu-hal does not have")
    if native.is_variable:
        raise UnsupportedOperation(f"{label} is a variable, which keeps its value from one invocation to the next")
    if native.sparsity:
        raise UnsupportedOperation(f"{label} is sparse")
    shape = read_ints(native.dims)
    try:
        data = None
        if native.allocation_type == AllocationType.MMAP_RO and native.data:
            # A copy is made only where a model's writer did not align the contents.
            data = np.require(view_memory(native.data, dtype, shape), requirements="A")
        return Tensor(
            name=_name(native),
            shape=shape,
            dtype=dtype,
            quantization=_read_quantization(label, native, dtype, shape),
            data=data,
        )
    except InvalidGraph as error:
        raise UnsupportedOperation(f"{label} cannot be expressed: {error}") from None


def view_memory(address: int | None, dtype: DType, shape: Shape) -> Array:
    """An array over memory that somebody else owns and keeps; nothing is copied. `address` may be 0 for no elements."""
    nbytes = dtype.itemsize * math.prod(shape)
    if nbytes == 0:
        return np.empty(shape, dtype.numpy)
    if not address:
        raise InvalidState("a tensor without memory cannot be viewed")
    memory = (ctypes.c_ubyte * nbytes).from_address(address)
    return np.frombuffer(memoryview(memory), dtype.numpy).reshape(shape)


def _label(index: int, native: TfLiteTensor) -> str:
    return f"tensor {index} {_name(native)!r}"


def _name(native: TfLiteTensor) -> str:
    return (native.name or b"").decode(errors="replace")


def _read_quantization(label: str, native: TfLiteTensor, dtype: DType, shape: Shape) -> Quantization | None:
    """Per axis if there are several scales; what floats and booleans say of quantisation has no meaning."""
    quantization = native.quantization
    if quantization.type == QuantizationType.NONE or not quantization.params or not dtype.is_integer:
        return None
    if quantization.type != QuantizationType.AFFINE:
        raise UnsupportedOperation(
            f"{label} has a quantisation of kind {quantization.type}; only affine ones are known"
        )
    affine = TfLiteAffineQuantization.from_address(quantization.params)
    scales, zero_points = read_floats(affine.scale), read_ints(affine.zero_point)
    if not scales:
        return None
    if len(zero_points) <= 1:
        zero_points = (zero_points or (0,)) * len(scales)
    if len(scales) == 1:
        return Quantization(scales=scales, zero_points=zero_points)
    # A vector has only one axis to be quantised along, whatever axis old converters recorded.
    axis = 0 if len(shape) == 1 else affine.quantized_dimension
    return Quantization(scales=scales, zero_points=zero_points, axis=axis)
