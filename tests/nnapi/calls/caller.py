"""Calls that check the answer's code, and handles that are kept to be passed to later calls."""

import ctypes
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from npu_hal_nnapi import ResultCode

from ..c_library import FREE, Library

R = ResultCode
USUAL = {R.NO_ERROR, R.OUT_OF_MEMORY, R.UNEXPECTED_NULL, R.BAD_DATA, R.BAD_STATE}
RUNNING = {*USUAL, R.OP_FAILED, R.OUTPUT_INSUFFICIENT_SIZE, R.UNAVAILABLE_DEVICE}
SPECIFIED = {
    "Memory_createFromFd": {*USUAL, R.UNMAPPABLE},
    "Memory_createFromDesc": {*USUAL, R.OP_FAILED},
    "Memory_copy": {*USUAL, R.OP_FAILED},
    "Compilation_finish": {*USUAL, R.OP_FAILED, R.UNAVAILABLE_DEVICE},
    "Execution_compute": RUNNING,
    "Execution_burstCompute": RUNNING,
    "Execution_startCompute": RUNNING,
    "Execution_startComputeWithDependencies": RUNNING,
    "Event_wait": RUNNING,
    "Execution_getOutputOperandRank": {*USUAL, R.OUTPUT_INSUFFICIENT_SIZE},
    "Execution_getOutputOperandDimensions": {*USUAL, R.OUTPUT_INSUFFICIENT_SIZE},
}

# Whatever a call may read or write lies in here: small numbers, be they taken for bytes, integers or floats.
ARENA_BYTES = 1 << 16


class Caller(RuleBasedStateMachine):
    """What the rules of every part of the interface call with."""

    nnapi: ClassVar[Library]

    def __init__(self) -> None:
        super().__init__()
        self.handles: dict[str, list[int]] = {kind: [] for kind in (*FREE, "Device")}
        self.arena = (ctypes.c_int32 * (ARENA_BYTES // 4))(*(position % 4 for position in range(64)))
        self.address = ctypes.addressof(self.arena)

    def teardown(self) -> None:
        for kind in FREE:
            for handle in self.handles[kind]:
                getattr(self.nnapi, f"{kind}_free")(handle)

    def handle(self, kind: str, pick: int) -> int | None:
        """Mostly a handle of a kind, freed or not; sometimes NULL, made up, or of another kind."""
        if pick < 3:
            return None
        if pick < 6:
            return 0xDEAD0
        if pick < 12:
            others = [handle for handles in self.handles.values() for handle in handles]
            return others[pick * 7 % len(others)] if others else None
        mine = self.handles[kind]
        return mine[-1 - pick % min(len(mine), 3)] if mine else None

    def call(self, name: str, *arguments: Any) -> int:
        code: int = getattr(self.nnapi, name)(*arguments)
        assert code in SPECIFIED.get(name, USUAL), (name, ResultCode(code))
        return code

    def make(self, kind: str, name: str, *arguments: Any) -> None:
        """A call whose last argument says where a new handle goes."""
        made = ctypes.c_void_p(0xBAD)
        code = self.call(name, *arguments, made)
        if code == 0:
            assert made.value
            self.handles[kind].append(made.value)

    def buffer(self, pick: int) -> int | None:
        return None if pick < 10 else self.address
