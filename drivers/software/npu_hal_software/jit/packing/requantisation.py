"""Constants for `jit.requantise`: from real multipliers to the words of each vector's block."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.packing.rounding_line import RoundingLine
from npu_hal_software.jit.requantise import EXACT_WORDS, LINE_WORDS, Rounding

# Single rounding is of a sum that does not wrap around: accumulators stay below this over the multiplier's left shift.
_LEFT_LIMIT = (1 << 30) - 1
_INT32_MAX = (1 << 31) - 1


def quantise_multiplier(real: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(m, e) with ``real = m * 2**(e - 31)``, m in [2**30, 2**31) or both 0.

    As TensorFlow Lite's QuantizeMultiplier: the mantissa is rounded half away from zero, and multipliers below
    2**-32 become 0.
    """
    mantissa, exponent = np.frexp(np.asarray(real, np.float64))
    fixed = np.floor(mantissa * (1 << 31) + 0.5).astype(np.int64)
    exponent = exponent.astype(np.int64)
    carry = fixed == 1 << 31
    fixed = np.where(carry, fixed >> 1, fixed)
    exponent = exponent + carry
    tiny = (exponent < -31) | (fixed == 0)
    return np.where(tiny, 0, fixed), np.where(tiny, 0, exponent)


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Requantisation of channels: each array has shape (channels,)."""

    fixed: NDArray[np.int64]
    exponent: NDArray[np.int64]
    real: NDArray[np.float64]

    @classmethod
    def of(cls, real: NDArray[np.float64]) -> "Multipliers":
        """The multipliers for real factors."""
        return cls(*quantise_multiplier(real), np.asarray(real, np.float64))

    def __getitem__(self, channels: NDArray[np.intp] | slice) -> "Multipliers":
        return Multipliers(self.fixed[channels], self.exponent[channels], self.real[channels])

    def reshaped(self, shape: tuple[int, ...]) -> "Multipliers":
        """The same multipliers with arrays of another shape."""
        return Multipliers(self.fixed.reshape(shape), self.exponent.reshape(shape), self.real.reshape(shape))

    @property
    def shifts_left(self) -> bool:
        """Whether some factor is 1/2 or more, for which accumulators are shifted left."""
        return bool((self.exponent >= 0).any())


class RightShift(NamedTuple):
    """The last step of the exact requantisation, per channel: ``(acc * m + rounding) >> (31 + shift)``.

    Negative sums have another rounding term. `shifted` tells the channels whose multiplier is 1/2 or more, without a
    right shift: accumulators have one bit more to the left and one to the right, so that all channels have their result
    in the upper half of the 64-bit sum.
    """

    shift: NDArray[np.int64]
    rounding: NDArray[np.int64]
    negative_rounding: NDArray[np.int64]
    shifted: NDArray[np.bool_]

    @classmethod
    def of(cls, multipliers: Multipliers, *, single_rounding: bool) -> "RightShift":
        """`single_rounding` rounds once, half away from zero, as the reference's fully connected layer does."""
        right = np.maximum(-multipliers.exponent, 0)
        shifted = right == 0
        shift = np.where(shifted, 1, right)
        half = np.int64(1) << (30 + shift)
        if single_rounding:
            return cls(shift, half, half - 1, shifted)
        rounding = np.where(shifted, half, half + (1 << 30))
        return cls(shift, rounding, np.where(shifted, half, rounding - (1 << 31)), shifted)


class Requantisation(NamedTuple):
    """What the channels of a layer are requantised by: `bias` (int32) and multipliers, or a line."""

    bias: NDArray[np.int32]
    multipliers: Multipliers
    rounding: Rounding
    single_rounding: bool = False
    line: RoundingLine | None = None

    def words(self, channels: NDArray[np.intp]) -> NDArray[np.int32]:
        """The words of blocks for channels in the order of lanes: shape (*channels.shape, words)."""
        if self.line is not None:
            return _line_words(self.bias[channels], self.line, channels)
        flat = channels.reshape(-1)
        multipliers = self.multipliers[flat].reshaped(channels.shape)
        return constant_words(self.bias[channels], multipliers, self.rounding, single_rounding=self.single_rounding)


def _line_words(bias: NDArray[np.int32], line: RoundingLine, channels: NDArray[np.intp]) -> NDArray[np.int32]:
    words = np.zeros((*channels.shape, len(EXACT_WORDS)), np.int32)
    # Sums are within int32, but the folded bias alone may have wrapped around.
    offset, *reals = (part if part.size == 1 else part[channels] for part in line)
    words[..., LINE_WORDS.index("bias")] = (bias + offset).astype(np.int32)
    for name, values in zip(LINE_WORDS[1:], reals, strict=True):
        words[..., LINE_WORDS.index(name)] = values.view(np.int32)
    return words


def constant_words(
    bias: NDArray[np.int32], multipliers: Multipliers, rounding: Rounding, *, single_rounding: bool = False
) -> NDArray[np.int32]:
    """The words of blocks for channels in the order of lanes: shape (..., words), from (..., ) channels.

    `bias` and the multipliers have one entry per lane; the last axis' length is even. For `single_rounding` see
    `RightShift`.
    """
    if rounding == "xnnpack":
        scale = multipliers.real.astype(np.float32).view(np.int32)
        return np.stack([bias, scale], axis=-1)
    left = np.maximum(multipliers.exponent, 0)
    right = RightShift.of(multipliers, single_rounding=single_rounding)
    words = np.zeros((*bias.shape, len(EXACT_WORDS)), np.int32)
    by_name = {
        "bias": bias,
        "shift": right.shift - 1,
        "left_shift": np.where(right.shifted, left + 1, 0),
        "left_limit": np.where(right.shifted & single_rounding, _LEFT_LIMIT >> left, _INT32_MAX),
    }
    for name, values in by_name.items():
        words[..., EXACT_WORDS.index(name)] = values
    wide = {
        "multiplier": multipliers.fixed,
        "rounding": right.rounding,
        "negative_rounding": right.negative_rounding,
    }
    for name, values in wide.items():
        for parity, start in (("even", 0), ("odd", 1)):
            halves = np.ascontiguousarray(values[..., start::2]).view(np.int32)
            words[..., EXACT_WORDS.index(f"{name}_{parity}")] = halves
    return words


def blocks_of(words: NDArray[np.int32], lanes: int) -> NDArray[np.int32]:
    """Lane-wise words of shape (..., vectors * lanes, words) as blocks of shape (..., vectors, words, lanes)."""
    split = words.reshape(*words.shape[:-2], -1, lanes, words.shape[-1])
    return np.ascontiguousarray(split.swapaxes(-1, -2))
