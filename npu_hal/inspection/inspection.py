"""What an inspection found."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from npu_hal.api import SubgraphReport


class Placement(StrEnum):
    """Who runs an operation."""

    DEVICE = "device"
    """The device that was asked for."""

    FALLBACK = "fallback"
    """The device refuses it; npu-hal's CPU driver or a TFLite runtime runs it."""

    RUNTIME = "runtime"
    """npu-hal cannot express it; only a TFLite runtime that npu-hal is a delegate of runs it."""

    NOBODY = "nobody"
    """Nothing is left to do when the model runs: its result is constant, or it only names a variable."""


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A tensor by its index in the model file; `dtype` is empty and the shape too if npu-hal cannot express it."""

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    byte_count: int
    is_constant: bool


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """An operation by its position in the model file.

    `reason` says why it is not on the device, empty if it is. `inputs` and `outputs` are indices of tensors in the
    file, constants included. `step` is -1 for operations that nobody runs. `estimated_seconds` is the driver's
    estimate for its jobs, `measured_seconds` the shortest of some runs on its own by the CPU driver; None where there
    is none.
    """

    position: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    placement: Placement
    step: int
    reason: str
    macs: int
    constant_bytes: int
    estimated_seconds: float | None
    measured_seconds: float | None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """Operations that run together: one partition of the device, or what lies between two.

    `inputs` and `outputs` are the tensors that cross its borders, with their bytes; `rearranging_bytes` are read and
    written by jobs that compute nothing, such as transpositions at the borders. `problem` says why the device could
    not compile a partition; `report` is its driver's account. Operations of `report` count from the partition's start.
    """

    number: int
    on_device: bool
    operations: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_bytes: int
    output_bytes: int
    rearranging_bytes: int
    compile_seconds: float | None
    problem: str
    report: SubgraphReport | None

    @property
    def estimated_seconds(self) -> float | None:
        """The sum of its jobs' estimates, None if any is missing."""
        if self.report is None or any(job.estimated_seconds is None for job in self.report.jobs):
            return None
        return sum(job.estimated_seconds or 0.0 for job in self.report.jobs)


@dataclass(frozen=True, slots=True)
class Reason:
    """Operations that are refused for the same reason; what differs in their words is left out as an ellipsis."""

    text: str
    operations: tuple[int, ...]
    macs: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model on a device. `operations` are in the order of the file, `steps` in that of execution.

    `inputs` and `outputs` are the model's tensors; `fallback` names the CPU driver, empty if there is none.
    """

    model: str
    description: str
    driver: str
    device: str
    device_description: str
    fallback: str
    tensors: dict[int, TensorRecord]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operations: tuple[OperationRecord, ...]
    steps: tuple[StepRecord, ...]
    reasons: tuple[Reason, ...]

    @property
    def run_operations(self) -> tuple[OperationRecord, ...]:
        """The operations that somebody runs."""
        return tuple(operation for operation in self.operations if operation.placement is not Placement.NOBODY)

    @property
    def device_operations(self) -> tuple[OperationRecord, ...]:
        """The operations on the device."""
        return tuple(operation for operation in self.operations if operation.placement is Placement.DEVICE)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all operations that npu-hal can express."""
        return sum(operation.macs for operation in self.operations)

    @property
    def device_macs(self) -> int:
        """Multiply-accumulates of the operations on the device."""
        return sum(operation.macs for operation in self.device_operations)

    @property
    def partitions(self) -> tuple[StepRecord, ...]:
        """The steps that are on the device."""
        return tuple(step for step in self.steps if step.on_device)

    @property
    def device_seconds(self) -> float | None:
        """The estimate for all partitions, None if the driver gives none or there is no partition."""
        estimates = [step.estimated_seconds for step in self.partitions]
        known = [estimate for estimate in estimates if estimate is not None]
        return sum(known) if known and len(known) == len(estimates) else None

    @property
    def cpu_seconds(self) -> float | None:
        """What the CPU driver takes for all operations, None if any was not measured."""
        return _total(self.run_operations)

    @property
    def rest_seconds(self) -> float | None:
        """What the CPU driver takes for the operations that are not on the device, None if any was not measured."""
        elsewhere = (Placement.FALLBACK, Placement.RUNTIME)
        return _total([operation for operation in self.operations if operation.placement in elsewhere])


def _total(operations: Sequence[OperationRecord]) -> float | None:
    times = [operation.measured_seconds for operation in operations]
    known = [time for time in times if time is not None]
    return sum(known) if len(known) == len(times) else None
