"""Tensors of a graph."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.model import ImmutableModel
from npu_hal.api.quantization import Quantization

Shape = tuple[int, ...]

# A tensor beyond this many bytes is taken for a mistake in a model, not for data; the bound keeps sizes in int64.
MAX_TENSOR_BYTES = 1 << 40


class Tensor(ImmutableModel):
    """A tensor: static shape, element type, optional quantisation, and data if it is a constant.

    `data` is kept as a read-only, zero-copy view of the array given, whose shape and dtype must be the tensor's
    and whose layout must be C-contiguous; weights read from a memory-mapped model stay in the mapping. Raises
    `InvalidGraph`.
    """

    name: str
    shape: tuple[Annotated[int, Field(ge=0)], ...]
    dtype: DType
    quantization: Quantization | None = None
    data: np.ndarray[Any, Any] | None = None

    def _check(self) -> None:
        label = f"tensor {self.name!r}"
        # Sizes beside a 0 are bounded too: numpy has no such arrays either.
        if math.prod(size for size in self.shape if size) * self.dtype.itemsize > MAX_TENSOR_BYTES:
            raise InvalidGraph(f"{label}: shape {self.shape} of {self.dtype} exceeds {MAX_TENSOR_BYTES} bytes")
        if self.quantization is not None:
            self._check_quantization(label, self.quantization)
        if self.data is not None:
            if self.data.shape != self.shape or self.data.dtype != self.dtype.numpy:
                raise InvalidGraph(
                    f"{label}: its data is {self.data.dtype}{list(self.data.shape)}, "
                    f"the tensor {self.dtype}{list(self.shape)}"
                )
            if not self.data.flags.c_contiguous:
                raise InvalidGraph(f"{label}: its data must be C-contiguous")
            view = self.data.view(np.ndarray)
            view.flags.writeable = False
            # Frozen for users; the view replaces the caller's array once, before anybody sees the tensor.
            self.__dict__["data"] = view

    def _check_quantization(self, label: str, quantization: Quantization) -> None:
        if not self.dtype.is_integer:
            raise InvalidGraph(f"{label}: elements of {self.dtype} cannot be quantised")
        axis = quantization.axis
        if axis is not None and (axis >= len(self.shape) or self.shape[axis] != len(quantization.scales)):
            raise InvalidGraph(
                f"{label}: {len(quantization.scales)} scales along axis {axis} do not fit shape {list(self.shape)}"
            )
        low, high = self.dtype.integer_range
        outside = [zero_point for zero_point in quantization.zero_points if not low <= zero_point <= high]
        if outside:
            raise InvalidGraph(f"{label}: zero point {outside[0]} is outside of the range of {self.dtype}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return NotImplemented
        same = (self.name, self.shape, self.dtype, self.quantization) == (
            other.name,
            other.shape,
            other.dtype,
            other.quantization,
        )
        if not same or self.data is None or other.data is None:
            return same and self.data is other.data
        return np.array_equal(self.data, other.data)

    def __hash__(self) -> int:
        return hash((self.name, self.shape, self.dtype))

    @property
    def is_constant(self) -> bool:
        """Whether the tensor carries data."""
        return self.data is not None

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of the contents in bytes."""
        return self.size * self.dtype.itemsize

    def constant(self) -> np.ndarray[Any, Any]:
        """The data of a constant; `InvalidGraph` if the tensor has none."""
        if self.data is None:
            raise InvalidGraph(f"tensor {self.name!r} is no constant")
        return self.data

    def affine(self) -> Quantization:
        """The quantisation; `InvalidGraph` if the tensor has none."""
        if self.quantization is None:
            raise InvalidGraph(f"tensor {self.name!r} has no quantisation")
        return self.quantization
