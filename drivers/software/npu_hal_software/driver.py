"""The software driver: one device, the CPU."""

import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from npu_hal.api import ApiVersion, DeviceInfo, DeviceKind, DeviceNotFound, Driver, DriverOption
from npu_hal_software.device import CpuDevice
from npu_hal_software.levels import Level, compiler_for

if TYPE_CHECKING:
    from npu_hal.api import Finding

CPU = "cpu"


class SoftwareDriver(Driver):
    """Every operation of the interface on the CPU, exact: what frontends fall back on."""

    name: ClassVar[str] = "software"
    api_version: ClassVar[ApiVersion] = ApiVersion(1, 1)
    options: ClassVar[tuple[DriverOption, ...]] = (
        DriverOption(
            name="level",
            description="how operations are computed: numpy definitions, generated machine code, or the faster of "
            "the two that this machine has",
            default=Level.AUTO,
            choices=tuple(Level),
        ),
        DriverOption(
            name="threads",
            description="how many threads machine code computes with: a number, or auto for the cores that the "
            "process may use",
            default="auto",
        ),
        DriverOption(
            name="rounding",
            description="exact is bit for bit TensorFlow Lite's reference kernels; xnnpack is XNNPACK's results, "
            "a little faster and only in machine code",
            default="exact",
            choices=("exact", "xnnpack"),
        ),
        DriverOption(
            name="tier",
            description="which instruction set machine code uses: auto for the best that the CPU has, or the name "
            "of one",
            default="auto",
        ),
    )

    def probe(self) -> Sequence[DeviceInfo]:
        """The CPU; it is always there."""
        return (_cpu(),)

    def diagnose(self) -> Sequence["Finding"]:
        """Whether machine code is generated, and kept."""
        from npu_hal_software.diagnosis import diagnose

        return list(diagnose())

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> CpuDevice:
        """Open the CPU; raises `DeviceNotFound` for any other name, `InvalidOption`."""
        if device not in (None, CPU):
            raise DeviceNotFound(f"driver {self.name} has no device {device!r}; its only device is {CPU!r}")
        checked = self.check_options(options)
        return CpuDevice(_cpu(), compiler_for(Level(checked["level"]), checked))


def _cpu() -> DeviceInfo:
    machine = platform.machine() or "unknown machine"
    return DeviceInfo(CPU, DeviceKind.CPU, f"the host's processor ({machine})", details={"machine": machine})
