"""What all kernels share: their context, the split of work into chunks, and the way from accumulators to bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from npu_hal_software.jit.ir import I32, I64, PTR, Function, Module, Value
from npu_hal_software.jit.record import CLAMPS_NEGATIVE, FOLLOWS_LINE, SHIFTS_LEFT, RecordKind
from npu_hal_software.jit.requantise import Requantiser, follow_line, lines_run
from npu_hal_software.jit.tiers import Tier

# Every kernel handles chunk number `chunk` of `chunks` of the operation whose record is at `operation`.
KERNEL_PARAMETERS = {"operation": PTR, "chunk": I64, "chunks": I64}


@dataclass(frozen=True, slots=True)
class KernelContext:
    """What kernels are generated for."""

    module: Module
    tier: Tier
    requantiser: Requantiser


@dataclass(frozen=True, slots=True)
class Kernel:
    """A generated kernel and the records that it handles."""

    kind: RecordKind
    function: str


def chunk_range(function: Function, count: Value) -> tuple[Value, Value]:
    """First index and end of the part of `count` items that this chunk handles."""
    chunk, chunks = function["chunk"], function["chunks"]
    return (count * chunk).udiv(chunks), (count * (chunk + 1)).udiv(chunks)


@dataclass(frozen=True, slots=True)
class OutputStage:
    """Turns accumulators into stored bytes by the requantisation fields of a record."""

    context: KernelContext
    flags: Value
    zero_point: Value
    low: Value
    high: Value

    @classmethod
    def of(cls, context: KernelContext, kind: RecordKind, operation: Value) -> "OutputStage":
        """The stage that the record at `operation` describes."""
        flags, zero_point, low, high = (
            kind.read(operation, name, I32) for name in ("flags", "zero_point", "low", "high")
        )
        return cls(context, flags, zero_point, low, high)

    def requantise_and_store(
        self, rows: Sequence[Sequence[Value]], blocks: Sequence[Value], store: Callable[[int, Value], None]
    ) -> None:
        """Requantise each row's vectors by the blocks of constants and hand (row number, packed bytes) to `store`."""
        function = self.flags.function
        variables = [[function.variable(vector) for vector in vectors] for vectors in rows]
        with function.when((self.flags & SHIFTS_LEFT).compare("ne", 0)):
            for vectors in variables:
                for variable, block in zip(vectors, blocks, strict=True):
                    variable.set(self.context.requantiser.shift_left(variable.get(), block))
        shifted = [[variable.get() for variable in vectors] for vectors in variables]

        def emit(clamps_negative: bool) -> None:
            bound = self.high - self.zero_point
            for number, vectors in enumerate(shifted):
                rounded = [
                    self.context.requantiser.requantise(vector, block, bound, clamps_negative=clamps_negative)
                    for vector, block in zip(vectors, blocks, strict=True)
                ]
                store(number, self.context.tier.pack(rounded, self.zero_point, self.low, self.high))

        if self.context.requantiser.has_lines and lines_run(self.context.tier, rows[0][0].type.lanes):
            # What clamps negative values follows lines where they matter.
            emit(False)
            return
        clamps = (self.flags & CLAMPS_NEGATIVE).compare("ne", 0)
        function.choose(clamps, lambda: emit(True), lambda: emit(False))

    def finish_products(
        self, rows: Sequence[Sequence[Value]], blocks: Sequence[Value], store: Callable[[int, Value], None]
    ) -> None:
        """As `requantise_and_store`, for records whose blocks may have lines instead."""
        tier = self.context.tier
        if not (self.context.requantiser.has_lines and lines_run(tier, rows[0][0].type.lanes)):
            self.requantise_and_store(rows, blocks, store)
            return

        def follow_lines() -> None:
            low, high = (self.flags.function.value(bound, I32) for bound in (0, 255))
            for number, vectors in enumerate(rows):
                rounded = [follow_line(tier, *pair) for pair in zip(vectors, blocks, strict=True)]
                store(number, tier.pack(rounded, None, low, high))

        follows = (self.flags & FOLLOWS_LINE).compare("ne", 0)
        self.flags.function.choose(follows, follow_lines, lambda: self.requantise_and_store(rows, blocks, store))


def store_valid(context: KernelContext, pointer: Value, packed: Value, valid: Value) -> None:
    """Store the first `valid` bytes of `packed`, which are all of them in most calls."""
    lanes = packed.type.lanes
    if context.tier.masks_stores:
        context.tier.store_first(pointer, packed, valid)
        return
    pointer.function.choose(
        valid.compare("eq", lanes),
        lambda: pointer.store(packed),
        lambda: context.tier.store_first(pointer, packed, valid),
    )


def storing_rows(pointers: Sequence[Value], offset: Value) -> Callable[[int, Value], None]:
    """What stores each row's packed bytes at its pointer, for `OutputStage.requantise_and_store`."""
    return lambda row, packed: pointers[row].store(packed, offset)


def storing_valid_to(context: KernelContext, pointer: Value, valid: Value) -> Callable[[int, Value], None]:
    """What stores the first `valid` bytes of a single row at `pointer`."""
    return lambda _, packed: store_valid(context, pointer, packed, valid)
