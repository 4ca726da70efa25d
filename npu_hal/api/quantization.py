"""Affine quantisation: real = scale * (stored - zero_point)."""

import math

import numpy as np
from numpy.typing import NDArray

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.model import ImmutableModel


class Quantization(ImmutableModel):
    """Affine quantisation of a tensor, per tensor or per axis.

    ``real = scales[i] * (stored - zero_points[i])`` where i is 0 (per tensor: `axis` is None) or the element's
    index along `axis` (per axis). Scales are float32 values, finite and not negative. This is the scheme of the
    TensorFlow Lite 8-bit quantisation specification. Raises `InvalidGraph`.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None

    def _check(self) -> None:
        if not self.scales or len(self.scales) != len(self.zero_points):
            raise InvalidGraph(
                f"a quantisation needs as many scales as zero points and at least one, "
                f"not {len(self.scales)} and {len(self.zero_points)}"
            )
        if self.axis is None and len(self.scales) != 1:
            raise InvalidGraph(f"a per-tensor quantisation has one scale, not {len(self.scales)}; set axis")
        if self.axis is not None and self.axis < 0:
            raise InvalidGraph(f"the quantised axis counts from 0, it is not {self.axis}")
        if not all(math.isfinite(scale) and scale >= 0 for scale in self.scales):
            raise InvalidGraph("quantisation scales must be finite and not negative")

    @classmethod
    def per_tensor(cls, scale: float, zero_point: int = 0) -> "Quantization":
        """One scale and zero point for the whole tensor."""
        return cls(scales=(float(scale),), zero_points=(int(zero_point),))

    @classmethod
    def per_axis(
        cls, scales: tuple[float, ...], axis: int, zero_points: tuple[int, ...] | None = None
    ) -> "Quantization":
        """A scale (and zero point, 0 unless given) for each index along `axis`."""
        return cls(scales=scales, zero_points=zero_points or (0,) * len(scales), axis=axis)

    @property
    def is_per_axis(self) -> bool:
        """Whether scales vary along an axis."""
        return self.axis is not None

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantisation; `InvalidGraph` if it is per axis."""
        self._require_per_tensor()
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantisation; `InvalidGraph` if it is per axis."""
        self._require_per_tensor()
        return self.zero_points[0]

    def scale_array(self) -> NDArray[np.float32]:
        """The scales as float32, shape (1,) or (size of axis,)."""
        return np.array(self.scales, np.float32)

    def zero_point_array(self) -> NDArray[np.int32]:
        """The zero points as int32, shape (1,) or (size of axis,)."""
        return np.array(self.zero_points, np.int32)

    def _require_per_tensor(self) -> None:
        if self.axis is not None:
            raise InvalidGraph("a per-axis quantisation has no single scale and zero point")
