"""Operands: their types, and where their values come from."""

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType
from npu_hal_nnapi.codes import OperandCode
from npu_hal_nnapi.errors import bad_data

# The specification counts sizes in 32 bits.
MAX_BYTES = 2**32 - 1

# Values up to this size are copied when they are set; of larger ones the caller keeps the buffer (specification).
MAX_COPIED_BYTES = 128

_NUMPY: dict[OperandCode, str] = {
    OperandCode.FLOAT16: "float16",
    OperandCode.FLOAT32: "float32",
    OperandCode.INT32: "int32",
    OperandCode.UINT32: "uint32",
    OperandCode.BOOL: "bool",
    OperandCode.TENSOR_FLOAT32: "float32",
    OperandCode.TENSOR_INT32: "int32",
    OperandCode.TENSOR_QUANT8_ASYMM: "uint8",
    OperandCode.TENSOR_QUANT16_ASYMM: "uint16",
    OperandCode.TENSOR_QUANT16_SYMM: "int16",
    OperandCode.TENSOR_FLOAT16: "float16",
    OperandCode.TENSOR_BOOL8: "bool",
    OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL: "int8",
    OperandCode.TENSOR_QUANT8_SYMM: "int8",
    OperandCode.TENSOR_QUANT8_ASYMM_SIGNED: "int8",
}

SCALARS = frozenset({OperandCode.FLOAT16, OperandCode.FLOAT32, OperandCode.INT32, OperandCode.UINT32, OperandCode.BOOL})

_ZERO_POINTS: dict[OperandCode, tuple[int, int]] = {
    OperandCode.TENSOR_QUANT16_ASYMM: (0, 65535),
    OperandCode.TENSOR_QUANT8_ASYMM: (0, 255),
    OperandCode.TENSOR_QUANT8_ASYMM_SIGNED: (-128, 127),
}
_NEED_SCALE = frozenset({*_ZERO_POINTS, OperandCode.TENSOR_QUANT16_SYMM, OperandCode.TENSOR_QUANT8_SYMM})
# A quantised bias is TENSOR_INT32 with the scale of input times filter.
_MAY_SCALE = _NEED_SCALE | {OperandCode.TENSOR_INT32}


@dataclass(frozen=True, slots=True)
class OperandType:
    """The type of an operand: a code, dimensions (0: not known yet), scale and zero point.

    `nbytes` is the size of a value, 0 if a dimension is not known; `is_complete` says whether all are known.

    Raises `NnapiError` BAD_DATA for what the specification does not allow.
    """

    code: OperandCode
    dimensions: tuple[int, ...] = ()
    scale: float = 0.0
    zero_point: int = 0
    # What follows from the others, kept because each execution asks for it.
    nbytes: int = field(init=False, compare=False, repr=False)
    is_complete: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            code = OperandCode(self.code)
        except ValueError:
            raise bad_data(f"{self.code} is no operand type") from None
        object.__setattr__(self, "code", code)
        is_known = self.is_scalar or bool(self.dimensions)
        object.__setattr__(self, "nbytes", math.prod(self.dimensions) * self.numpy.itemsize if is_known else 0)
        object.__setattr__(self, "is_complete", is_known and 0 not in self.dimensions)
        if (code in SCALARS or code is OperandCode.MODEL) and self.dimensions:
            raise bad_data(f"an operand of type {code.name} has no dimensions, not {list(self.dimensions)}")
        if any(not 0 <= size < 2**32 for size in self.dimensions) or self.nbytes > MAX_BYTES:
            raise bad_data(f"dimensions {list(self.dimensions)} of {code.name} do not fit 32 bits")
        low, high = _ZERO_POINTS.get(code, (0, 0))
        if not low <= self.zero_point <= high:
            raise bad_data(f"zero point {self.zero_point} of {code.name} is not in {low}..{high}")
        if not math.isfinite(self.scale) or self.scale < 0:
            raise bad_data(f"scale {self.scale} of {code.name} is not finite or negative")
        if (code in _NEED_SCALE and self.scale == 0) or (code not in _MAY_SCALE and self.scale != 0):
            raise bad_data(f"scale {self.scale} is not one for an operand of type {code.name}")

    @property
    def is_scalar(self) -> bool:
        """Whether this is a scalar, not a tensor."""
        return self.code in SCALARS

    @property
    def numpy(self) -> np.dtype[Any]:
        """The element type; BAD_DATA for an operand that is a model."""
        if self.code is OperandCode.MODEL:
            raise bad_data("an operand of type MODEL has no elements")
        return np.dtype(_NUMPY[self.code])

    @property
    def dtype(self) -> DType | None:
        """The element type of a graph's tensor, None if graphs have no such tensors."""
        name = self.numpy.name
        return DType(name) if name in set(DType) else None

    def with_dimensions(self, dimensions: tuple[int, ...]) -> "OperandType":
        """This type with other dimensions."""
        return OperandType(self.code, dimensions, self.scale, self.zero_point)


class Lifetime(Enum):
    """Where an operand's value comes from."""

    TEMPORARY = auto()
    CONSTANT = auto()
    OMITTED = auto()
    INPUT = auto()
    OUTPUT = auto()


@dataclass(slots=True)
class Operand:
    """An operand of a model: its type, its lifetime, and its value if it is a constant."""

    type: OperandType
    lifetime: Lifetime = Lifetime.TEMPORARY
    value: NDArray[Any] | None = None
    channel_dimension: int | None = None
    channel_scales: tuple[float, ...] = field(default=())

    def scalar(self) -> Any:
        """The value of a constant scalar; BAD_DATA if it is none."""
        if self.value is None or not self.type.is_scalar:
            raise bad_data(f"an operand of type {self.type.code.name} is not the constant scalar that it must be")
        return self.value.reshape(()).item()
