"""Post-training quantisation: float weights and measured ranges to 8-bit numbers, in TFLite's two 8-bit schemes.

Both follow https://ai.google.dev/edge/litert/models/quantization_spec: uint8 has one scale and zero point a tensor,
weights included; int8 has symmetric weights with a scale per output channel.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, Quantization
from tools.digits.layers import Real

# Measured ranges are widened to this grid, so that the last bits of a sum do not decide a scale.
RANGE_GRID = 1 / 64
SOFTMAX_SCALE = 1 / 256
PIXEL_SCALE = 1 / 255


@dataclass(frozen=True, slots=True)
class Range:
    """The interval of a tensor's values, real numbers; it contains 0."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Real) -> "Range":
        """The range of `values` and 0, widened to the grid."""
        low = np.floor(min(float(values.min()), 0.0) / RANGE_GRID) * RANGE_GRID
        high = np.ceil(max(float(values.max()), 0.0) / RANGE_GRID) * RANGE_GRID
        return cls(float(low), float(high))


class Scheme(ABC):
    """How the tensors of a model are stored; None for a quantisation means that the tensor has none."""

    dtype: DType
    bias_dtype: DType

    @abstractmethod
    def pixels(self) -> Quantization | None:
        """Of the input, whose real values are pixels divided by 255."""

    @abstractmethod
    def activation(self, interval: Range) -> Quantization | None:
        """Of a computed tensor with these values."""

    @abstractmethod
    def probabilities(self) -> Quantization | None:
        """Of the softmax's output; the kernels demand this one."""

    @abstractmethod
    def weights(self, values: Real, channel_axis: int | None) -> tuple[Array, Quantization | None]:
        """Stored weights; `channel_axis` is the axis of output channels where scales may differ along it."""

    @abstractmethod
    def bias(self, values: Real, x: Quantization | None, w: Quantization | None) -> tuple[Array, Quantization | None]:
        """Stored biases of an operation with this input and these weights."""


class Float32(Scheme):
    """Everything in float32."""

    dtype = DType.FLOAT32
    bias_dtype = DType.FLOAT32

    def pixels(self) -> None:
        return None

    def activation(self, interval: Range) -> None:
        return None

    def probabilities(self) -> None:
        return None

    def weights(self, values: Real, channel_axis: int | None) -> tuple[Array, None]:
        return values.astype(np.float32), None

    def bias(self, values: Real, x: Quantization | None, w: Quantization | None) -> tuple[Array, None]:
        return values.astype(np.float32), None


class _EightBit(Scheme):
    """What the two 8-bit schemes share: asymmetric activations, int32 biases of scale ``scale_x * scale_w``."""

    bias_dtype = DType.INT32

    def pixels(self) -> Quantization:
        return Quantization.per_tensor(float(np.float32(PIXEL_SCALE)), self.dtype.integer_range[0])

    def activation(self, interval: Range) -> Quantization:
        low, high = self.dtype.integer_range
        scale = np.float32((interval.high - interval.low) / (high - low))
        return Quantization.per_tensor(float(scale), int(np.round(low - interval.low / float(scale))))

    def probabilities(self) -> Quantization:
        return Quantization.per_tensor(SOFTMAX_SCALE, self.dtype.integer_range[0])

    def bias(self, values: Real, x: Quantization | None, w: Quantization | None) -> tuple[Array, Quantization | None]:
        if x is None or w is None:
            raise ValueError("input and weights of an 8-bit operation are quantised")
        scales = np.float32(x.scale) * w.scale_array()
        stored = np.round(values / scales.astype(np.float64)).astype(np.int32)
        zeros = (0,) * len(scales)
        axis = None if w.axis is None else 0
        return stored, Quantization(scales=tuple(float(scale) for scale in scales), zero_points=zeros, axis=axis)


class Uint8PerTensor(_EightBit):
    """Asymmetric weights with one scale and zero point a tensor."""

    dtype = DType.UINT8

    def weights(self, values: Real, channel_axis: int | None) -> tuple[Array, Quantization]:
        quantization = self.activation(Range(min(float(values.min()), 0.0), max(float(values.max()), 0.0)))
        stored = np.round(values / quantization.scale) + quantization.zero_point
        return _clipped(stored, 0, 255).astype(np.uint8), quantization


class Int8PerChannel(_EightBit):
    """Symmetric weights, -127 to 127; a scale per output channel in convolutions, one in the fully connected layer."""

    dtype = DType.INT8

    def weights(self, values: Real, channel_axis: int | None) -> tuple[Array, Quantization]:
        if channel_axis is None:
            largest: Real = np.abs(values).max(keepdims=True)
        else:
            others = tuple(axis for axis in range(values.ndim) if axis != channel_axis)
            largest = np.abs(values).max(axis=others, keepdims=True)
        scales = (largest / 127).astype(np.float32)
        stored = _clipped(np.round(values / scales.astype(np.float64)), -127, 127).astype(np.int8)
        if channel_axis is None:
            return stored, Quantization.per_tensor(float(scales.item()))
        return stored, Quantization.per_axis(tuple(float(scale) for scale in scales.ravel()), axis=channel_axis)


def _clipped(values: Real, low: int, high: int) -> NDArray[np.float64]:
    return np.clip(values, low, high)
