"""Drivers, their devices, and the subgraphs that devices run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from npu_hal.api.errors import InvalidInput, InvalidOption
from npu_hal.api.graph import Graph
from npu_hal.api.tensor import Tensor
from npu_hal.api.version import ApiVersion

if TYPE_CHECKING:
    from npu_hal.api.operations import AnyOperation
    from npu_hal.api.report import Finding, OperationTime, SubgraphReport

Array = np.ndarray[Any, Any]


class DeviceKind(StrEnum):
    """What sort of thing computes; frontends fall back on a CPU device for what others refuse."""

    NPU = "npu"
    CPU = "cpu"
    EMULATOR = "emulator"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device as `Driver.probe` reports it.

    `problem` is empty if the device can be opened; else it says in words why not and what to do. `details` are
    facts for people, such as a chip's revision.
    """

    name: str
    kind: DeviceKind
    description: str
    problem: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_usable(self) -> bool:
        """Whether the device can be opened."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class DriverOption:
    """An option that a driver's devices take: a name, what it does, its default, and its values if they are few."""

    name: str
    description: str
    default: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Support:
    """The answer to "can this device run this operation": yes, or no with the reason in words."""

    supported: bool
    reason: str = ""

    @classmethod
    def yes(cls) -> "Support":
        """The device runs the operation."""
        return _YES

    @classmethod
    def no(cls, reason: str) -> "Support":
        """The device does not run the operation, because of `reason`."""
        return cls(False, reason)

    def __bool__(self) -> bool:
        return self.supported


_YES = Support(True)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far results may be from the software driver's reference level.

    `steps` are steps of a quantised value; floats may differ by ``absolute + relative * |reference|``. Quantised
    operations that are composed may add up to more; a tolerance is for one operation.
    """

    steps: int = 0
    relative: float = 1e-5
    absolute: float = 1e-5


class Closeable(ABC):
    """Something that holds resources until `close`, which may be called again; a context manager."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held. Later calls of anything but `close` raise `InvalidState`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Subgraph(Closeable):
    """A graph compiled for a device, ready to run. Made by `Device.create_subgraph`.

    One inference is ``invoke(inputs)`` and then ``read_outputs(outputs)``; between the two the caller leaves the
    inputs' contents alone, so that a driver may read them in place and as late as in `read_outputs`. A subgraph runs
    one inference at a time; callers with several threads use one subgraph each or take turns.
    """

    @abstractmethod
    def invoke(self, inputs: Sequence[Array]) -> None:
        """Queue one inference.

        `inputs` has an array for each graph input in order, of its tensor's shape and dtype, C-contiguous. Raises
        `InvalidInput` if they do not fit, `InvalidState` after `close`, `DeviceLost`, `DeviceTimeout`,
        `OutOfDeviceMemory`.
        """

    @abstractmethod
    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Wait for the inference that `invoke` queued and fill `outputs`.

        `outputs` has a writable array for each graph output in order, of its tensor's shape and dtype, C-contiguous.
        Raises `InvalidState` if nothing was invoked, and what `invoke` raises.
        """

    def profile(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Sequence["OperationTime"]:
        """One whole inference, and the times of its operations' parts in the order in which they ran.

        A driver that cannot tell runs the inference and gives none, as this method does. One that can may run it in
        another way to that end, as with one thread; results are the same. Raises what `invoke` and `read_outputs`
        raise. Since 1.1.
        """
        self.invoke(inputs)
        self.read_outputs(outputs)
        return ()

    def report(self) -> "SubgraphReport | None":
        """What the subgraph was compiled to, or None from drivers that do not tell. Since 1.1."""
        return None

    def serialise(self) -> bytes | None:
        """What `Device.restore_subgraph` makes this subgraph from again, to be kept for later processes. Since 1.1.

        None from drivers for which compiling is no more work than that. Raises `InvalidState` after `close`.
        """
        return None


class Device(Closeable):
    """An opened device. Made by `Driver.open`.

    Life cycle: 1. ask `supports` for each operation of a graph; 2. `create_subgraph` for a graph of supported
    operations, any number of times; 3. run the subgraphs; 4. close them, then the device. Methods may be called from
    any thread.
    """

    @property
    @abstractmethod
    def info(self) -> DeviceInfo:
        """What was opened."""

    @property
    def tolerance(self) -> Tolerance:
        """How exact the device is; drivers of devices that round otherwise say so here. Since 1.1."""
        return Tolerance()

    @abstractmethod
    def supports(self, operation: "AnyOperation", graph: Graph) -> Support:
        """Whether `create_subgraph` accepts a graph with this operation, judged without building anything.

        `operation` is one of `graph.operations`. A kind that the driver does not know, because a later minor version
        of the interface added it, is answered with no.
        """

    @abstractmethod
    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile `graph`.

        Raises `UnsupportedOperation` if `supports` says no to an operation of it, `InvalidState` after `close`,
        `OutOfDeviceMemory`, `DeviceLost`.
        """

    def restore_subgraph(self, graph: Graph, data: bytes) -> Subgraph:
        """What `create_subgraph` makes of `graph`, with the work that went into `data` left out. Since 1.1.

        `data` is what `Subgraph.serialise` gave for an equal graph and device. Raises `InvalidInput` if it is not, or
        if another version of the driver wrote it, and what `create_subgraph` raises.
        """
        raise InvalidInput(f"{self.info.name} restores no subgraphs; create them")


class Driver(ABC):
    """A driver, as a plugin registers it.

    `name` is what users select it by; `api_version` the version of the interface that it was written for; `options`
    what its devices can be told.
    """

    name: ClassVar[str]
    api_version: ClassVar[ApiVersion]
    options: ClassVar[tuple[DriverOption, ...]] = ()

    @abstractmethod
    def probe(self) -> Sequence[DeviceInfo]:
        """The devices that are there, the default first, unusable ones with their problem. Never raises."""

    @abstractmethod
    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open a device by name, or the default one.

        Raises `DeviceNotFound`, `DevicePermission`, `InvalidOption`, `DeviceLost`, `OutOfDeviceMemory`.
        """

    def diagnose(self) -> Sequence["Finding"]:
        """What the driver needs of the machine, checked, for `npu-hal doctor`; none from drivers that do not tell.

        Devices that `probe` reports need not be told again. Never raises. Since 1.1.
        """
        return ()

    def check_options(self, options: Mapping[str, str] | None) -> dict[str, str]:
        """`options` completed by the defaults; `InvalidOption` if a name or value is not one of this driver's."""
        known = {option.name: option for option in self.options}
        checked = {option.name: option.default for option in self.options}
        for name, value in (options or {}).items():
            option = known.get(name)
            if option is None:
                names = ", ".join(sorted(known)) or "none"
                raise InvalidOption(f"driver {self.name} has no option {name!r}; its options are: {names}")
            if option.choices and value not in option.choices:
                raise InvalidOption(
                    f"option {name} of driver {self.name} cannot be {value!r}; it is one of: "
                    + ", ".join(option.choices)
                )
            checked[name] = value
        return checked


def check_buffers(tensors: Sequence[Tensor], buffers: Sequence[Array], role: str, writable: bool = False) -> None:
    """Check that `buffers` fit `tensors` one by one; drivers call this in `invoke` and `read_outputs`.

    Raises `InvalidInput` that names the `role` ("input" or "output"), the position and the tensor.
    """
    if len(buffers) != len(tensors):
        raise InvalidInput(f"{len(buffers)} {role} buffers were given for {len(tensors)} {role} tensors")
    # Called at every inference: a strict zip would double the time.
    for position, tensor in enumerate(tensors):
        buffer = buffers[position]
        if buffer.shape != tensor.shape or buffer.dtype != tensor.dtype.numpy:
            raise InvalidInput(
                f"{role} {position} {tensor.name!r} is {tensor.dtype}{list(tensor.shape)}, "
                f"the buffer given {buffer.dtype}{list(buffer.shape)}"
            )
        flags = buffer.flags
        if not flags.c_contiguous:
            raise InvalidInput(f"the buffer for {role} {position} {tensor.name!r} is not C-contiguous")
        if writable and not flags.writeable:
            raise InvalidInput(f"the buffer for {role} {position} {tensor.name!r} is read-only")
