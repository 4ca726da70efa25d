"""What a driver can tell about a compiled subgraph and about its own state, for people who look for causes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FindingStatus(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but not as well as it could, or not everything does."""

    PROBLEM = "problem"
    """Something that the user wants does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: what is so (`observation`), and what to do about it (`advice`, empty if nothing).

    `check` names what was looked at in a few words, such as ``kernel module``.
    """

    check: str
    status: FindingStatus
    observation: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class JobReport:
    """One job that a device runs for a subgraph: what goes in and out, and how long it should take.

    `unit` is the part of the device that runs it, in the driver's words. `operations` are the positions of the
    subgraph's operations that it computes, or that it prepares or finishes data for. `macs` are the
    multiply-accumulates that the job performs, which need not be those of its operations. `raw_coefficient_bytes`
    are those of weights and biases before they are coded, `coefficient_bytes` as the device reads them. `sram_bytes`
    are held in memory on the chip. `estimated_seconds` is None where the driver has no model of the job's duration.
    `details` are facts for people.
    """

    name: str
    unit: str
    operations: tuple[int, ...]
    macs: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    raw_coefficient_bytes: int = 0
    coefficient_bytes: int = 0
    sram_bytes: int = 0
    estimated_seconds: float | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubgraphReport:
    """The jobs of a compiled subgraph in the order in which they run.

    `memory` gives the bytes of each kind of memory that the subgraph holds on the device, by the driver's names.
    `estimate` says in words what `JobReport.estimated_seconds` assumes, such as clock and bandwidth.
    """

    jobs: tuple[JobReport, ...]
    memory: Mapping[str, int] = field(default_factory=dict)
    estimate: str = ""


@dataclass(frozen=True, slots=True)
class OperationTime:
    """How long a part of an operation took, in seconds; `operation` is its position in the subgraph's graph."""

    operation: int
    name: str
    seconds: float
