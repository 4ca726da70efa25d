"""A program under construction: buffers, records, and what keeps their memory alive."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Graph, OutOfDeviceMemory, Tensor
from npu_hal_software.jit.memory_plan import Lifetime, plan_memory
from npu_hal_software.jit.packing.memory import aligned_copy, allocate
from npu_hal_software.jit.record import CALL, COPY, SLOTS, RecordKind
from npu_hal_software.jit.requantise import Rounding
from npu_hal_software.jit.tiers import Tier

CHUNKS_PER_THREAD = 4
CHUNK_WORK = 2500
_COPY_BYTES_PER_NANOSECOND = 10
_LARGE_COPY = 1 << 16
# int8 tensors are stored as uint8: the value plus 128, which is the byte with its top bit flipped.
SIGN_BIT = 0x80


# Called when memory is planned, with what gives the bytes of an address.
LinkHook = Callable[[Callable[["Address", int], NDArray[np.uint8]]], None]


class Callbacks:
    """Python functions that native code calls, and what became of them.

    Their exceptions cannot pass through native code; `raise_first` is called after it. A signal's handler may raise
    before a callback's first line, where nothing but ctypes sees it, and drops it. So callbacks are counted: `per_run`
    is how many each run calls whatever its inputs, `finished` how many have come to their end in all runs.
    """

    def __init__(self) -> None:
        self._errors: list[BaseException] = []
        self.per_run = 0
        self.finished = 0

    def add(self, error: BaseException) -> None:
        """Remember an exception."""
        self._errors.append(error)

    def raise_first(self) -> None:
        """Raise the first exception since the last call, if any; `OutOfDeviceMemory` where memory was missing."""
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            if isinstance(error, MemoryError):
                raise OutOfDeviceMemory(f"the inference needs more memory than this machine gives: {error}") from None
            raise error


@dataclass(eq=False, slots=True)
class Buffer:
    """Memory of a tensor or a scratch area in the arena."""

    size: int


class Address(NamedTuple):
    """A place in a buffer of the arena, known once memory is planned."""

    buffer: Buffer
    offset: int = 0

    def moved(self, byte_count: int) -> "Address":
        """The address `byte_count` bytes further on."""
        return Address(self.buffer, self.offset + byte_count)


def moved(address: Address | int, byte_count: int) -> Address | int:
    """An address of the arena or of memory, `byte_count` bytes further on."""
    return address + byte_count if isinstance(address, int) else address.moved(byte_count)


class InputAddress(NamedTuple):
    """The memory of a graph input, known when the subgraph is invoked."""

    position: int


class _OutputAddress(NamedTuple):
    """The memory of a graph output, known when the results are read."""

    position: int


class _Relocation(NamedTuple):
    record: int
    slot: int
    target: Address | InputAddress | _OutputAddress


class LinkedProgram(NamedTuple):
    """Records whose addresses are resolved.

    `records` is int64 of shape (operations, SLOTS); `input_slots` lists, per graph input, where its address belongs in
    the flattened records, and `output_slots` the same for graph outputs. `positions` are those of the operations that
    the records belong to, -1 for none.
    """

    records: NDArray[np.int64]
    arena: NDArray[np.uint8]
    input_slots: tuple[tuple[int, ...], ...]
    output_slots: tuple[tuple[int, ...], ...]
    keep_alive: tuple[object, ...]
    callbacks: Callbacks
    labels: tuple[str, ...]
    positions: tuple[int, ...]


@dataclass(slots=True)
class Program:
    """Collects records for a graph; the lowerings append to it."""

    graph: Graph
    tier: Tier
    rounding: Rounding
    threads: int
    records: list[NDArray[np.int64]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label: str = ""
    positions: list[int] = field(default_factory=list)
    position: int = -1
    callbacks: Callbacks = field(default_factory=Callbacks)
    _relocations: list[_Relocation] = field(default_factory=list)
    _keep_alive: list[object] = field(default_factory=list)
    _stored: dict[int, Buffer] = field(default_factory=dict)
    _constants: dict[int, int] = field(default_factory=dict)
    _uses: list[tuple[int, Buffer]] = field(default_factory=list)
    _link_hooks: list[LinkHook] = field(default_factory=list)

    def tensor(self, index: int) -> Tensor:
        """A tensor of the graph."""
        return self.graph.tensors[index]

    def emit(self, kind: RecordKind, chunks: int, **fields: int | Address | InputAddress | _OutputAddress) -> None:
        """Append a record; addresses are filled in when the program is linked."""
        known = {name: value for name, value in fields.items() if isinstance(value, int | np.integer)}
        for name, value in fields.items():
            if isinstance(value, Address | InputAddress | _OutputAddress):
                self._relocations.append(_Relocation(len(self.records), kind.slot(name), value))
        self.records.append(kind.pack(max(chunks, 1), **{name: int(value) for name, value in known.items()}))
        self.labels.append(f"{kind.name}: {self.label}")
        self.positions.append(self.position)

    def emit_call(self, function: int, uses: Sequence[Address]) -> None:
        """Append a call of a function at a native address, which uses the buffers of `uses`."""
        number = len(self.records)
        self._uses.extend((number, address.buffer) for address in uses)
        self.emit(CALL, 1, function=function)
        self.callbacks.per_run += 1

    def on_link(self, hook: LinkHook) -> None:
        """Have `hook` called with a function from (address, size) to memory, once memory is planned."""
        self._link_hooks.append(hook)

    def keep(self, array: np.ndarray[Any, Any]) -> int:
        """Keep an array alive as long as the program and return its address."""
        self._keep_alive.append(array)
        return int(array.ctypes.data)

    def keep_object(self, value: object) -> None:
        """Keep anything alive as long as the program."""
        self._keep_alive.append(value)

    def constant(self, array: np.ndarray[Any, Any]) -> int:
        """The address of an aligned copy of an array."""
        return self.keep(aligned_copy(array))

    def scratch(self, size: int) -> Address:
        """Memory for as long as records refer to it."""
        return Address(Buffer(size))

    def output(self, index: int) -> Address:
        """Where the operation that computes tensor `index` writes it."""
        if index not in self._stored:
            self._stored[index] = Buffer(self.tensor(index).nbytes)
        return Address(self._stored[index])

    def alias(self, index: int, source: int) -> None:
        """Tensor `index` has the same stored bytes as `source`, and no memory of its own."""
        stored = self.stored(source)
        if isinstance(stored, int):
            copied = self.output(index)
            self.emit(COPY, 1, input=stored, output=copied, **whole_copy(self.tensor(index).nbytes))
        else:
            self._stored[index] = stored.buffer

    def stored(self, index: int) -> Address | int:
        """The address of a tensor's bytes as kernels read them: int8 as uint8, with slack behind the end."""
        tensor = self.tensor(index)
        if tensor.data is not None:
            return self._stored_constant(index, tensor)
        if index not in self._stored:
            position = self.graph.inputs.index(index)
            copied = self.output(index)
            mask = stored_mask(tensor)
            self.emit(COPY, 1, input=InputAddress(position), output=copied, mask=mask, **whole_copy(tensor.nbytes))
        return Address(self._stored[index])

    def exact(self, index: int) -> tuple[Address | InputAddress | int, int]:
        """The address of a tensor for kernels that read no byte beyond it, and the mask that they xor bytes with.

        A graph input is read where the caller has it.
        """
        tensor = self.tensor(index)
        if tensor.data is None and index not in self._stored:
            return InputAddress(self.graph.inputs.index(index)), stored_mask(tensor)
        return self.stored(index), 0

    def _stored_constant(self, index: int, tensor: Tensor) -> int:
        if index not in self._constants:
            data = tensor.constant()
            if tensor.dtype is DType.INT8:
                data = data.view(np.uint8) ^ np.uint8(SIGN_BIT)
            self._constants[index] = self.constant(data)
        return self._constants[index]

    def link(self) -> LinkedProgram:
        """Have the outputs copied to the caller's memory, plan memory and resolve addresses."""
        self._copy_outputs()
        records = np.zeros((len(self.records), SLOTS), np.int64)
        for number, record in enumerate(self.records):
            records[number] = record
        lives = self._lifetimes()
        buffers = list(lives)
        offsets, size = plan_memory([lives[buffer] for buffer in buffers])
        arena = allocate(size)
        start = arena.ctypes.data
        base = {buffer: start + offset for buffer, offset in zip(buffers, offsets, strict=True)}
        input_slots: list[list[int]] = [[] for _ in self.graph.inputs]
        output_slots: list[list[int]] = [[] for _ in self.graph.outputs]
        for relocation in self._relocations:
            slot = relocation.record * SLOTS + relocation.slot
            match relocation.target:
                case InputAddress(position):
                    input_slots[position].append(slot)
                case _OutputAddress(position):
                    output_slots[position].append(slot)
                case Address(buffer, offset):
                    records[relocation.record, relocation.slot] = base[buffer] + offset
        for hook in self._link_hooks:
            hook(lambda address, count: _slice(arena, base[address.buffer] + address.offset - start, count))
        return LinkedProgram(
            records,
            arena,
            tuple(tuple(slots) for slots in input_slots),
            tuple(tuple(slots) for slots in output_slots),
            tuple(self._keep_alive),
            self.callbacks,
            tuple(self.labels),
            tuple(self.positions),
        )

    def _copy_outputs(self) -> None:
        """Append what gives the results to the caller.

        Kernels write whole vectors over a tensor's end, so they work in the arena. The copies come last: a caller may
        have an output where an input was.
        """
        self.position, self.label = -1, "outputs"
        for position, index in enumerate(self.graph.outputs):
            tensor = self.tensor(index)
            # Threads share rows, if there is enough to copy.
            rows = math.prod(tensor.shape[:2]) if tensor.rank > 2 and tensor.nbytes > _LARGE_COPY else 1
            fields = whole_copy(tensor.nbytes // rows) | {
                "size_0": rows,
                "input_step_0": tensor.nbytes // rows,
                "output_step_0": tensor.nbytes // rows,
                "mask": stored_mask(tensor),
            }
            chunks = position_chunks(self, tensor.nbytes // _COPY_BYTES_PER_NANOSECOND, rows)
            self.emit(COPY, chunks, input=self.stored(index), output=_OutputAddress(position), **fields)

    def _lifetimes(self) -> dict[Buffer, Lifetime]:
        lives: dict[Buffer, Lifetime] = {}
        uses = list(self._uses)
        for relocation in self._relocations:
            if isinstance(relocation.target, Address):
                uses.append((relocation.record, relocation.target.buffer))
        for number, buffer in uses:
            life = lives.get(buffer, Lifetime(buffer.size, number, number))
            lives[buffer] = Lifetime(buffer.size, min(life.first, number), max(life.last, number))
        return lives


def _slice(memory: NDArray[np.uint8], start: int, count: int) -> NDArray[np.uint8]:
    return memory[start : start + count]


def stored_mask(tensor: Tensor) -> int:
    """What a tensor's bytes are xored with to become the stored ones."""
    return SIGN_BIT if tensor.dtype is DType.INT8 else 0


def stored_offset(tensor: Tensor) -> int:
    """What stored bytes are above the tensor's values."""
    return SIGN_BIT if tensor.dtype is DType.INT8 else 0


def stored_zero_point(tensor: Tensor) -> int:
    """The stored byte that means 0.0."""
    return tensor.affine().zero_point + stored_offset(tensor)


def whole_copy(size: int) -> dict[str, int]:
    """Fields of a copy of contiguous bytes."""
    return {"size_0": 1, "size_1": 1, "size_2": 1, "size_3": 1, "bytes": size}


def position_chunks(program: Program, work: int, limit: int) -> int:
    """How many chunks threads share an operation of `work` (about nanoseconds) in, at most `limit`.

    Heuristic: more chunks balance better, but each costs two contended counters, which is worth some microseconds of
    work.
    """
    if program.threads == 1:
        return 1
    return max(1, min(limit, CHUNKS_PER_THREAD * program.threads, work // CHUNK_WORK))


def contiguous_steps(shape: Sequence[int], itemsize: int) -> list[int]:
    """Bytes from one element to the next along each axis of a C-contiguous array."""
    steps = [itemsize] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        steps[axis] = steps[axis + 1] * shape[axis + 1]
    return steps
