"""From exact sums to output bytes (hardware note, section 4)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.nn_descriptor import NnDescriptor

_BLOCK_VALUES: Final = 1 << 16
"""Sums handled at a time: their float64 form stays in the second-level cache."""

_INT32_LIMIT: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Requantization:
    """out = clamp(round(sum * multiplier / 2**shift) + zero_point, low, 255).

    The product of a 32-bit sum with a multiplier of at most 24 bits, in float64, is exact for sums below 2**29.
    Ties are rounded to even: rounding_mode is 1 in every known config, and how the hardware breaks ties is not
    known (hardware note, section 9), so that this is an assumption. TFLite's own kernels differ by it as well.
    """

    scale: float
    zero_point: int
    low: int

    @staticmethod
    def of(descriptor: NnDescriptor) -> "Requantization":
        """The requantisation that a config asks for."""
        zero_point = descriptor.output_zero_point
        scale = descriptor.multiplier * 2.0**-descriptor.shift
        return Requantization(scale, zero_point, zero_point if descriptor.relu else 0)

    def apply(
        self, sums: NDArray[np.float32 | np.float64], bias: NDArray[np.float64], wraps: bool, out: NDArray[np.uint8]
    ) -> None:
        """Requantise.

        sums: [channels, n], whole numbers; bias: [channels], added first.
        wraps: whether the result may exceed 32 bits, and wraps then as the hardware's accumulators do.
        out: uint8 [channels, n] or [channels, rows, n / rows], any strides.
        """
        channels, count = sums.shape
        block = max(_BLOCK_VALUES // max(count, 1), 1)
        for first in range(0, channels, block):
            part = slice(first, first + block)
            values = np.add(sums[part], bias[part, None], dtype=np.float64)
            if wraps:
                values = (values + _INT32_LIMIT) % (2 * _INT32_LIMIT) - _INT32_LIMIT
            values *= self.scale
            np.rint(values, out=values)
            values += self.zero_point
            np.clip(values, self.low, 255, out=values)
            target = out[part]
            target[...] = values.reshape(target.shape)
