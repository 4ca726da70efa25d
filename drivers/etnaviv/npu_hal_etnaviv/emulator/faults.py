"""What the emulated NPU stops at: each fault names the job, the word and the field."""

from dataclasses import dataclass

from npu_hal.api.errors import DeviceLost

COMMAND_STREAM = "command stream"
"""The structure that a fault names when it lies in the command words themselves."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is.

    job: such as "job 2 (NN)", or "submit" for what belongs to no job.
    structure: what `word` counts in: the command stream, a config, the coefficients.
    word: index of the 32-bit word, from 0.
    field: name of the bit field or register.
    """

    job: str
    structure: str
    word: int
    field: str

    def __str__(self) -> str:
        return f"{self.job}, {self.structure} word {self.word}, {self.field}"


class NpuFault(DeviceLost):
    """The NPU stopped at something that the hardware would fault on, or that is not known to work on it."""

    def __init__(self, place: Place, problem: str) -> None:
        """`problem` says what was found and what would be right."""
        super().__init__(f"the emulated NPU stopped: {place}: {problem}")
        self.place = place
        self.problem = problem
