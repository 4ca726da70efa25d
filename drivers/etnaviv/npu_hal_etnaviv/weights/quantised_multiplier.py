"""The output scale as multiplier and shift fields (hardware note, section 4)."""

from dataclasses import dataclass

import numpy as np

MULTIPLIER_BITS = {7: 15, 8: 23}
SHIFT_BIAS = {7: 142, 8: 127}
MAXIMUM_SHIFT = 127


@dataclass(frozen=True, slots=True)
class QuantisedMultiplier:
    """V7: out = acc * (2^15 + multiplier) / 2^shift; V8: out = acc * (2^23 + multiplier) / 2^(23 + shift)."""

    multiplier: int
    shift: int
    generation: int

    @property
    def value(self) -> float:
        """The factor, exactly."""
        bits = MULTIPLIER_BITS[self.generation]
        extra = bits if self.generation == 8 else 0
        return float(((1 << bits) + self.multiplier) / 2.0 ** (self.shift + extra))


def float32_product_scale(input_scale: float, weight_scale: float, output_scale: float) -> np.float32:
    """The scale from accumulator to output, every step rounded to float32."""
    return np.float32(np.float32(input_scale) * np.float32(weight_scale)) / np.float32(output_scale)


def quantised_multiplier(scale: float | np.float32, generation: int) -> QuantisedMultiplier:
    """The fields for a scale, which is rounded to float32 first; V7 keeps 15 of its 23 mantissa bits.

    Raises ValueError if the scale is not a positive normal number within reach of the shift's seven bits.
    """
    word = int(np.float32(scale).view(np.uint32))
    exponent, mantissa = word >> 23, word & 0x7FFFFF
    shift = SHIFT_BIAS[generation] - exponent
    if not (0 < exponent < 255 and 0 <= shift <= MAXIMUM_SHIFT):
        raise ValueError(
            f"output scale {float(scale)} is not representable on generation {generation}; "
            f"it must lie between 2^{SHIFT_BIAS[generation] - MAXIMUM_SHIFT - 127} "
            f"and 2^{SHIFT_BIAS[generation] - 126}"
        )
    return QuantisedMultiplier(mantissa >> (23 - MULTIPLIER_BITS[generation]), shift, generation)
