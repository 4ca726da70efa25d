"""Opening NPUs, real and emulated."""

from npu_hal.api import DeviceKind
from npu_hal_etnaviv.device import EtnavivDevice
from npu_hal_etnaviv.discovery import describe_npu
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface
from npu_hal_etnaviv.kernel.devices import core_of, open_device
from npu_hal_etnaviv.kernel.dump import RecordingInterface
from npu_hal_etnaviv.options import Options


def open_npu(name: str | None, options: Options, default_name: str) -> EtnavivDevice:
    """Open an NPU by name, or the first real one, which is called `default_name`.

    Raises DeviceNotFound or DevicePermission, which say what is missing, DeviceLost.
    """
    kernel = open_device(name)
    try:
        core = core_of(kernel.identity)
        kind = DeviceKind.EMULATOR if isinstance(kernel, EmulatedInterface) else DeviceKind.NPU
        info = describe_npu(name or default_name, kind, core)
        if options.dump is not None:
            kernel = RecordingInterface(kernel, options.dump)
        return EtnavivDevice(info, core, kernel, options)
    except BaseException:
        kernel.close()
        raise
