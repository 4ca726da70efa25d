"""Instruction-set tiers: what a CPU has, and which shapes of kernel suit it."""

import platform
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import InvalidOption
from npu_hal_software.jit.ir import I8, I16, I32, Type, Value


class Tier(ABC):
    """How one instruction set multiplies bytes and packs results.

    Weights are int8 in groups of 4 along the depth, activations bytes; `lanes` is the number of int32 lanes of a full
    vector, `widths` the lane counts that kernels may use. `gemm_tiles` gives, for tiles of so many vectors of
    channels, the numbers of rows of which tiles are made; the accumulators of the largest still fit the registers.
    """

    name: str
    lanes: int
    widths: tuple[int, ...]
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]]
    # CPU flags as in /proc/cpuinfo that the tier needs.
    flags: frozenset[str]
    machine: str
    features: str
    # Dot products see activations as signed bytes, 128 less than stored.
    signed_activations = False
    # `store_first` costs no more than a whole store.
    masks_stores = False

    @abstractmethod
    def dot(self, accumulator: Value, activations: tuple[Value, ...], weights: tuple[Value, ...]) -> Value:
        """``accumulator + sum of 4 products`` per lane, of what the `prepare_` methods returned."""

    def prepare_activations(self, words: Value) -> tuple[Value, ...]:
        """int32 lanes of 4 stored activation bytes each, in the form that `dot` takes."""
        return (words,)

    def prepare_weights(self, words: Value) -> tuple[Value, ...]:
        """int32 lanes of 4 int8 weights each, in the form that `dot` takes."""
        return (words,)

    def pack(self, vectors: Sequence[Value], zero_point: Value | None, low: Value, high: Value) -> Value:
        """Bytes ``clamp(vector + zero_point, low, high)`` of 1, 2 or 4 int32 vectors, ordered by `channel_of_lane`.

        No zero point: the vectors have it already.
        """
        parts = []
        for vector in vectors:
            function, lanes = vector.function, vector.type.lanes
            shifted = vector if zero_point is None else vector + zero_point.splat(lanes)
            clamped = function.minimum(function.maximum(shifted, low.splat(lanes)), high.splat(lanes))
            parts.append(clamped)
        while len(parts) > 1:
            joined = range(2 * parts[0].type.lanes)
            parts = [parts[i].shuffle(parts[i + 1], joined) for i in range(0, len(parts), 2)]
        return parts[0].convert("trunc", "i8")

    def store_first(self, pointer: Value, packed: Value, count: Value) -> None:
        """Store the first `count` (an i64) bytes of a packed vector, and touch no byte beyond."""
        function = pointer.function
        memory = function.stack(packed.type)
        memory.store(packed)
        with function.count(count) as index:
            pointer.store(memory.load(I8, index), index)

    def round_to_even(self, vector: Value) -> Value:
        """int32 lanes of float lanes rounded to nearest, ties to even; the values fit int32."""
        rounded = vector.function.intrinsic(f"llvm.roundeven.{vector.type.mangled}", vector.type, (vector,))
        return rounded.convert("fptosi", "i32")


@cache
def channel_of_lane(vectors: int, lanes: int) -> NDArray[np.intp]:
    """For each lane of concatenated vectors, the byte of `Tier.pack`'s result that it ends up in.

    x86 packs within 128-bit parts, so byte p of part l comes from vector j = (p % 4n) // 4, lane 4 l + p % 4. For
    vectors of one 128-bit part that is the natural order.
    """
    lane_of_byte = []
    for position in range(vectors * lanes):
        part, inner = divmod(position, 4 * vectors)
        vector, element = divmod(inner, 4)
        lane_of_byte.append(vector * lanes + 4 * part + element)
    order = np.argsort(lane_of_byte)
    order.flags.writeable = False
    return order


class RoundsDown(Tier):
    """A tier whose instructions name their rounding mode, for full vectors."""

    @abstractmethod
    def fma_down(self, left: Value, right: Value, addend: Value) -> Value:
        """``left * right + addend`` of float lanes, rounded down once."""

    @abstractmethod
    def floor(self, vector: Value) -> Value:
        """int32 lanes of float lanes rounded down; the values fit int32."""


class _X86Tier(Tier):
    """Packing by the saturating pack instructions, which need the channels in the order of `channel_of_lane`."""

    machine = "x86_64"

    _PACK_WORDS: ClassVar[dict[int, str]] = {16: "avx512.packssdw.512", 8: "avx2.packssdw", 4: "sse2.packssdw.128"}
    _PACK_BYTES: ClassVar[dict[int, str]] = {16: "avx512.packuswb.512", 8: "avx2.packuswb", 4: "sse2.packuswb.128"}

    def pack(self, vectors: Sequence[Value], zero_point: Value | None, low: Value, high: Value) -> Value:
        """Saturate to int16, add the zero point, saturate to bytes."""
        if len(vectors) == 1:
            return super().pack(vectors, zero_point, low, high)
        function, lanes = vectors[0].function, vectors[0].type.lanes
        words_type = Type("i16", 2 * lanes)
        words = []
        for first, second in zip(vectors[::2], vectors[1::2], strict=True):
            pair = function.intrinsic(f"llvm.x86.{self._PACK_WORDS[lanes]}", words_type, (first, second))
            if zero_point is not None:
                offset = zero_point.convert("trunc", "i16").splat(2 * lanes)
                pair = function.intrinsic(f"llvm.sadd.sat.{words_type.mangled}", words_type, (pair, offset))
            words.append(pair)
        if len(words) == 1:
            clamped = words[0]
            for kind, bound in (("smax", low), ("smin", high)):
                limit = bound.convert("trunc", "i16").splat(2 * lanes)
                clamped = function.minimum(clamped, limit, kind)
            return clamped.convert("trunc", "i8")
        bytes_type = Type("i8", 4 * lanes)
        packed = function.intrinsic(f"llvm.x86.{self._PACK_BYTES[lanes]}", bytes_type, words)
        packed = function.minimum(packed, low.convert("trunc", "i8").splat(4 * lanes), "umax")
        return function.minimum(packed, high.convert("trunc", "i8").splat(4 * lanes), "umin")

    def round_to_even(self, vector: Value) -> Value:
        """The conversion instruction rounds by the current mode, to even."""
        function, lanes = vector.function, vector.type.lanes
        result = Type("i32", lanes)
        if lanes == 16:
            return _convert_512(vector, _CURRENT_MODE)
        name = "llvm.x86.avx.cvt.ps2dq.256" if lanes == 8 else "llvm.x86.sse2.cvtps2dq"
        return function.intrinsic(name, result, (vector,))


# Rounding modes of AVX-512 instructions.
_CURRENT_MODE = 4
_DOWN = 9


def _convert_512(vector: Value, mode: int) -> Value:
    """int32 lanes of 16 float lanes."""
    function, result = vector.function, Type("i32", 16)
    arguments = (vector, function.value(0, result), function.value(-1, I16), function.value(mode, I32))
    return function.intrinsic("llvm.x86.avx512.mask.cvtps2dq.512", result, arguments)


class _VnniTier(_X86Tier):
    """vpdpbusd: four products of unsigned and signed bytes, added to an int32 lane."""

    def dot(self, accumulator: Value, activations: tuple[Value, ...], weights: tuple[Value, ...]) -> Value:
        """One vpdpbusd."""
        name = f"llvm.x86.avx512.vpdpbusd.{accumulator.type.lanes * 32}"
        # LLVM's older signature with int32 vectors is upgraded by newer versions.
        arguments = (accumulator, activations[0], weights[0])
        return accumulator.function.intrinsic(name, accumulator.type, arguments)


class Avx512Vnni(_VnniTier, RoundsDown):
    """AVX-512 with VNNI: 32 registers of 16 lanes, masked stores."""

    name = "avx512-vnni"
    lanes = 16
    widths = (16, 8, 4)
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]] = {
        4: (6, 5, 4, 3, 2, 1),
        2: (12, 8, 6, 4, 2, 1),
        1: (12, 6, 4, 2, 1),
    }
    flags = frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"})
    features = "+avx512f,+avx512bw,+avx512vl,+avx512dq,+avx512cd,+avx512vnni,-prefer-256-bit"
    masks_stores = True

    def fma_down(self, left: Value, right: Value, addend: Value) -> Value:
        """One instruction."""
        mode = left.function.value(_DOWN, I32)
        return left.function.intrinsic("llvm.x86.avx512.vfmadd.ps.512", left.type, (left, right, addend, mode))

    def floor(self, vector: Value) -> Value:
        """One instruction."""
        return _convert_512(vector, _DOWN)

    def store_first(self, pointer: Value, packed: Value, count: Value) -> None:
        """One masked store."""
        function, lanes = pointer.function, packed.type.lanes
        every = function.value(-1, Type("i64"))
        shift = function.value(64, Type("i64")) - count
        bits = every.lshr(shift).convert("trunc", f"i{lanes}") if lanes < 64 else every.lshr(shift)
        mask = bits.bitcast(Type("i1", lanes))
        name = f"llvm.masked.store.{packed.type.mangled}.p0"
        function.intrinsic(name, Type("void"), (packed, pointer, function.value(1, I32), mask))


class AvxVnni(_VnniTier):
    """AVX-VNNI: 16 registers of 8 lanes."""

    name = "avx-vnni"
    lanes = 8
    widths = (8, 4)
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]] = {2: (6, 5, 4, 3, 2, 1), 1: (8, 4, 2, 1)}
    flags = frozenset({"avx2", "avx_vnni"})
    features = "+avx2,+fma,+avxvnni,-avx512f"


class Avx2(_X86Tier):
    """AVX2: products of 16-bit pairs; bytes are widened, even and odd ones apart.

    vpmaddubsw would take bytes, but saturates its sums, which is not exact.
    """

    name = "avx2"
    lanes = 8
    widths = (8, 4)
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]] = {2: (4, 3, 2, 1), 1: (6, 4, 2, 1)}
    flags = frozenset({"avx2"})
    features = "+avx2,+fma,-avx512f"

    def prepare_activations(self, words: Value) -> tuple[Value, ...]:
        """Even and odd bytes as 16-bit lanes."""
        even = words & 0x00FF00FF
        odd = words.lshr(8) & 0x00FF00FF
        halves = Type("i16", 2 * words.type.lanes)
        return (even.bitcast(halves), odd.bitcast(halves))

    def prepare_weights(self, words: Value) -> tuple[Value, ...]:
        """Even and odd bytes, sign-extended to 16-bit lanes."""
        pairs = words.bitcast(Type("i16", 2 * words.type.lanes))
        return ((pairs << 8) >> 8, pairs >> 8)

    def dot(self, accumulator: Value, activations: tuple[Value, ...], weights: tuple[Value, ...]) -> Value:
        """Two vpmaddwd and two additions."""
        name = "llvm.x86.avx2.pmadd.wd" if accumulator.type.lanes == 8 else "llvm.x86.sse2.pmadd.wd"
        for left, right in zip(activations, weights, strict=True):
            accumulator = accumulator + accumulator.function.intrinsic(name, accumulator.type, (left, right))
        return accumulator


class NeonDotProduct(Tier):
    """Armv8.2 dot product: sdot takes two vectors of signed bytes."""

    name = "neon-dotprod"
    lanes = 4
    widths = (4,)
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]] = {4: (6, 5, 4, 3, 2, 1), 2: (8, 4, 2, 1), 1: (8, 4, 2, 1)}
    flags = frozenset({"asimddp"})
    machine = "aarch64"
    features = "+neon,+dotprod"
    signed_activations = True

    def prepare_activations(self, words: Value) -> tuple[Value, ...]:
        """Stored bytes less 128, as signed bytes."""
        return ((words ^ -0x7F7F7F80).bitcast(Type("i8", 16)),)

    def prepare_weights(self, words: Value) -> tuple[Value, ...]:
        """The bytes themselves."""
        return (words.bitcast(Type("i8", 16)),)

    def dot(self, accumulator: Value, activations: tuple[Value, ...], weights: tuple[Value, ...]) -> Value:
        """One sdot."""
        arguments = (accumulator, weights[0], activations[0])
        return accumulator.function.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", accumulator.type, arguments)


class Generic(Tier):
    """No instruction in particular: 128-bit vectors that LLVM maps to what the CPU has."""

    name = "generic"
    lanes = 4
    widths = (4,)
    gemm_tiles: ClassVar[dict[int, tuple[int, ...]]] = {2: (3, 2, 1), 1: (4, 2, 1)}
    flags = frozenset()
    machine = ""
    features = ""

    def prepare_activations(self, words: Value) -> tuple[Value, ...]:
        """Even and odd bytes as 16-bit lanes."""
        halves = Type("i16", 2 * words.type.lanes)
        return ((words & 0x00FF00FF).bitcast(halves), (words.lshr(8) & 0x00FF00FF).bitcast(halves))

    def prepare_weights(self, words: Value) -> tuple[Value, ...]:
        """Even and odd bytes, sign-extended to 16-bit lanes."""
        pairs = words.bitcast(Type("i16", 2 * words.type.lanes))
        return ((pairs << 8) >> 8, pairs >> 8)

    def dot(self, accumulator: Value, activations: tuple[Value, ...], weights: tuple[Value, ...]) -> Value:
        """Products of 16-bit lanes in 32 bits, neighbours added; LLVM finds pmaddwd or smlal in it."""
        lanes = accumulator.type.lanes
        for left, right in zip(activations, weights, strict=True):
            product = left.convert("sext", "i32") * right.convert("sext", "i32")
            even = product.shuffle(None, range(0, 2 * lanes, 2))
            odd = product.shuffle(None, range(1, 2 * lanes, 2))
            accumulator = accumulator + (even + odd)
        return accumulator


TIERS: tuple[Tier, ...] = (Avx512Vnni(), AvxVnni(), Avx2(), NeonDotProduct(), Generic())


def machine_name() -> str:
    """The machine's architecture as tiers name it."""
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())


_CPUINFO = Path("/proc/cpuinfo")


@cache
def _cpuinfo() -> dict[str, str]:
    """The first processor's entries in Linux's list; none where that file is missing."""
    entries: dict[str, str] = {}
    try:
        with _CPUINFO.open() as lines:
            for line in lines:
                name, separator, value = line.partition(":")
                if not separator:
                    break
                entries[name.strip()] = value.strip()
    except OSError:
        pass
    return entries


def cpu_flags() -> frozenset[str]:
    """The CPU's feature flags as Linux names them."""
    entries = _cpuinfo()
    return frozenset((entries.get("flags") or entries.get("Features") or "").split())


def cpu_model() -> str:
    """What tells this CPU from other models."""
    names = ("vendor_id", "cpu family", "model", "stepping", "CPU implementer", "CPU part", "CPU variant")
    return "-".join(_cpuinfo().get(name, "") for name in names)


def runs_here(tier: Tier) -> bool:
    """Whether this machine's CPU has what `tier` needs."""
    return tier.machine in ("", machine_name()) and tier.flags <= cpu_flags()


def choose_tier(name: str = "auto") -> Tier:
    """The best tier of this CPU, or the one named; `InvalidOption` if it is unknown or the CPU lacks it."""
    usable = [tier for tier in TIERS if runs_here(tier)]
    if name == "auto":
        return usable[0]
    for tier in TIERS:
        if tier.name == name:
            if tier not in usable:
                names = ", ".join(each.name for each in usable)
                raise InvalidOption(f"tier {name} needs what this CPU lacks; usable here: {names}")
            return tier
    raise InvalidOption(f"there is no tier {name!r}; tiers are: auto, {', '.join(tier.name for tier in TIERS)}")
