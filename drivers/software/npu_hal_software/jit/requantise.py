"""Requantisation: int32 accumulators to rounded int32 values before the zero point, as code.

With real multiplier ``m * 2**(e - 31)``, m in [2**30, 2**31), gemmlowp's arithmetic (Jacob et al., 2018, and
TensorFlow Lite's reference kernels) rounds twice: ``H = (acc * 2**max(e, 0) * m + 2**30) >> 31``, then, with
r = max(-e, 0), ``(H + 2**(r - 1) + (H >> 31)) >> r``, which is half away from zero. Both floors are of nested powers of
two, so they are one floor of one 64-bit sum: ``(acc * m + c) >> (31 + r)`` with ``c = 2**30 + 2**(30 + r)``, less 2**31
if acc is negative. `packing.requantisation` computes the constants; the same code rounds once, for fully connected
layers, by other constants.
"""

from abc import ABC, abstractmethod
from typing import Literal, TypeGuard

from npu_hal_software.jit.ir import Type, Value
from npu_hal_software.jit.tiers import RoundsDown, Tier

Rounding = Literal["exact", "xnnpack"]

# Words of 4 bytes per lane, in this order, in the block of constants of each vector of channels.
EXACT_WORDS = (
    "bias",
    "multiplier_even",
    "multiplier_odd",
    "rounding_even",
    "rounding_odd",
    "negative_rounding_even",
    "negative_rounding_odd",
    "shift",
    "left_shift",
    "left_limit",
)
# Words of a block of as many bytes where a line requantises instead: see `packing.rounding_line`.
LINE_WORDS = ("bias", "slope", "slope_rest", "intercept")
_INT32_MAX = (1 << 31) - 1
FLOAT_WORDS = ("bias", "scale")
FLOAT_MEAN_WORDS = (*FLOAT_WORDS, "offset")


class Requantiser(ABC):
    """Emits the requantisation of one vector of accumulators by a block of per-channel constants."""

    words: tuple[str, ...]
    # Whether results are those of TensorFlow Lite's reference kernels, or else XNNPACK's.
    is_exact = False
    # Blocks may have the words of lines instead, for `follow_line`.
    has_lines = False

    def of_means(self) -> "Requantiser":
        """The requantiser of sums that are divided by how many they are of."""
        return self

    def block_bytes(self, lanes: int) -> int:
        """Size of the constants for one vector."""
        return 4 * lanes * len(self.words)

    def word(self, block: Value, name: str, lanes: int, type_: Type | None = None) -> Value:
        """One of the constants of the vector whose block is at `block`."""
        return block.load(type_ or Type("i32", lanes), 4 * lanes * self.words.index(name))

    @abstractmethod
    def requantise(self, accumulator: Value, block: Value, high: Value, *, clamps_negative: bool) -> Value:
        """The rounded values. `high` is the upper bound before the zero point is added (i32 scalar).

        If `clamps_negative`, negative results may come out as any value that is not positive.
        """

    @abstractmethod
    def shift_left(self, accumulator: Value, block: Value) -> Value:
        """The accumulators as `requantise` wants them where multipliers are 1/2 or more."""


class ExactRequantiser(Requantiser):
    """Bit for bit TensorFlow Lite's reference kernels: integer arithmetic, or lines that are proven to equal it."""

    words = EXACT_WORDS
    is_exact = True
    has_lines = True

    def requantise(self, accumulator: Value, block: Value, high: Value, *, clamps_negative: bool) -> Value:
        """Even and odd lanes in 64 bits each; the upper halves are merged and shifted."""
        lanes = accumulator.type.lanes
        wide = Type("i64", lanes // 2)
        halves = accumulator.bitcast(wide)
        sums = []
        for parity, factor in (("even", (halves << 32) >> 32), ("odd", halves >> 32)):
            multiplier = self.word(block, f"multiplier_{parity}", lanes, wide)
            product = factor * ((multiplier << 32) >> 32)
            total = product + self.word(block, f"rounding_{parity}", lanes, wide)
            if not clamps_negative:
                away = product + self.word(block, f"negative_rounding_{parity}", lanes, wide)
                total = product.compare("slt", 0).select(away, total)
            sums.append(total)
        narrow = Type("i32", lanes)
        even = sums[0].lshr(32).bitcast(narrow)
        merged = even.shuffle(sums[1].bitcast(narrow), [i + lanes * (i % 2) for i in range(lanes)])
        return merged >> self.word(block, "shift", lanes)

    def shift_left(self, accumulator: Value, block: Value) -> Value:
        """Shift by the multiplier's exponent, and by one bit more, which `requantise` takes back.

        The first shift wraps around as the reference's does, or not where `left_limit` clamps before it. What then
        exceeds 30 bits saturates the output whatever it is, so that it can be clamped before the last bit.
        """
        lanes = accumulator.type.lanes
        function = accumulator.function
        left = self.word(block, "left_shift", lanes)
        last = function.minimum(left, function.value(1, left.type))

        def clamp(value: Value, limit: Value) -> Value:
            # -limit - 1, so that int32's largest number as a limit lets its smallest one through.
            return function.minimum(function.maximum(value, limit ^ -1), limit)

        shifted = clamp(accumulator, self.word(block, "left_limit", lanes)) << (left - last)
        return clamp(shifted, function.value(_INT32_MAX, left.type).lshr(last)) << last


class FloatRequantiser(Requantiser):
    """Single-precision product rounded to even, as XNNPACK's kernels do."""

    words: tuple[str, ...] = FLOAT_WORDS

    def __init__(self, tier: Tier) -> None:
        self._tier = tier

    def requantise(self, accumulator: Value, block: Value, high: Value, *, clamps_negative: bool) -> Value:
        """The product is bounded above before its conversion, which large values would wrap."""
        real = self._scaled(accumulator, block)
        bound = high.convert("sitofp", "float").splat(accumulator.type.lanes)
        within = accumulator.function.emit(real.type.of("i1"), f"fcmp olt {real}, {bound.text}")
        return self._tier.round_to_even(within.select(real, bound))

    def _scaled(self, accumulator: Value, block: Value) -> Value:
        lanes = accumulator.type.lanes
        scale = self.word(block, "scale", lanes, Type("float", lanes))
        return accumulator.convert("sitofp", "float").fmul(scale)

    def shift_left(self, accumulator: Value, block: Value) -> Value:
        """Nothing to do: a float multiplier may have any size."""
        return accumulator

    def of_means(self) -> Requantiser:
        """That of sums of values with their zero points."""
        return FloatMeanRequantiser(self._tier)


class FloatMeanRequantiser(FloatRequantiser):
    """Single-precision product and sum: `offset` holds both zero points, and is added before the result is rounded."""

    words = FLOAT_MEAN_WORDS

    def _scaled(self, accumulator: Value, block: Value) -> Value:
        lanes = accumulator.type.lanes
        return super()._scaled(accumulator, block).fadd(self.word(block, "offset", lanes, Type("float", lanes)))


def requantiser_for(rounding: Rounding, tier: Tier) -> Requantiser:
    """The requantiser of a rounding."""
    return ExactRequantiser() if rounding == "exact" else FloatRequantiser(tier)


def lines_run(tier: Tier, lanes: int) -> TypeGuard[RoundsDown]:
    """Whether vectors of so many lanes can follow lines: full ones, on tiers that round down."""
    return isinstance(tier, RoundsDown) and lanes == tier.lanes


def follow_line(tier: RoundsDown, accumulator: Value, block: Value) -> Value:
    """Rounded values from the words of lines, see `packing.rounding_line`; negative ones for zeros.

    Two fused sums and a conversion, the last two rounded down.
    """
    lanes = accumulator.type.lanes
    real = Type("float", lanes)
    x = accumulator.convert("sitofp", "float")
    slope, rest, intercept = (
        block.load(real, 4 * lanes * LINE_WORDS.index(name)) for name in ("slope", "slope_rest", "intercept")
    )
    y = x.function.intrinsic(f"llvm.fma.{real.mangled}", real, (x, rest, intercept))
    return tier.floor(tier.fma_down(x, slope, y))
