"""What the dispatcher's code and the threads that call it agree on: entry points, counters and the mailbox."""

from typing import NamedTuple

from npu_hal_software.jit.ir import I64, Type, Value

RUN = "npu_hal_run"
SERVE = "npu_hal_serve"
# Per operation: the counters of handed out and of complete chunks, on cache lines of their own.
CONTROL_BYTES = 128
_LINE = 64


class _Mailbox(NamedTuple):
    """What a subgraph and its helper threads share: int64 fields on cache lines of their own."""

    fields: tuple[str, ...] = (
        "records",
        "count",
        "control",
        "helpers",  # number of helper threads
        "start",  # the sequence number before a helper's first run
        "sequence",  # number of runs announced
        "sleepers",  # helpers that have to be woken
        "stop",
    )

    @property
    def size(self) -> int:
        """Bytes of a mailbox."""
        return _LINE * len(self.fields)

    def offset(self, field: str) -> int:
        """Byte offset of a field."""
        return _LINE * self.fields.index(field)

    def address(self, mailbox: Value, field: str) -> Value:
        """Code for the address of a field."""
        return mailbox.offset(self.offset(field))

    def read(self, mailbox: Value, field: str, type_: Type = I64) -> Value:
        """Code that reads a field."""
        return mailbox.load(type_, self.offset(field))


MAILBOX = _Mailbox()
