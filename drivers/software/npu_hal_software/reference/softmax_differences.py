"""What quantised SOFTMAX and LOG_SOFTMAX begin with: differences from a row's largest element, and their powers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Tensor
from npu_hal_software.reference.fixed_point import (
    FixedPointMultiplier,
    Integers,
    rounding_doubling_high_multiply,
    wrap_int32,
)
from npu_hal_software.reference.fixed_point_exp import INTEGER_BITS_OF_ARGUMENT, exp_of_negative
from npu_hal_software.reference.quantized import scale_of


@dataclass(frozen=True, slots=True)
class Differences:
    """Of the 256 differences -i from the largest element, i = 0..255, as stored: shape (256,) each.

    `arguments` are the differences times beta and scale, with 5 integer bits; `exponentials` their powers of e with 0
    integer bits. Only those that are `counted` fit the word, the exponentials of others are 0. `least` is the smallest
    difference that fits.
    """

    arguments: Integers
    counted: NDArray[np.bool_]
    exponentials: Integers
    least: int

    @classmethod
    def of(cls, beta: float, source: Tensor) -> "Differences":
        """The differences of elements of `source`."""
        multiplier = input_multiplier(beta, source)
        differences = -np.arange(256, dtype=np.int64)
        shifted = wrap_int32(differences << np.maximum(multiplier.exponents, 0))
        arguments = rounding_doubling_high_multiply(shifted, multiplier.significands)
        least = _least_difference(int(multiplier.exponents))
        counted = differences >= least
        exponentials = np.where(counted, exp_of_negative(np.where(counted, arguments, 0)), 0)
        return cls(arguments, counted, exponentials, least)


def input_multiplier(beta: float, source: Tensor) -> FixedPointMultiplier:
    """``beta * scale_x`` in units of the exponential's argument."""
    real = np.float64(np.float32(beta)) * np.float64(scale_of(source)) * 2.0 ** (31 - INTEGER_BITS_OF_ARGUMENT)
    return FixedPointMultiplier.from_real(min(real, 2.0**31 - 1.0))


def _least_difference(exponent: int) -> int:
    """The difference beyond which the argument would leave its 5 integer bits (CalculateInputRadius)."""
    largest = ((1 << INTEGER_BITS_OF_ARGUMENT) - 1) * 2.0 ** (31 - INTEGER_BITS_OF_ARGUMENT - exponent)
    return -int(np.floor(largest))
