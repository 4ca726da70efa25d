"""NNAPI's devices: one for each usable device of npu_hal's drivers."""

from collections.abc import Mapping
from dataclasses import dataclass

from npu_hal.api import Device as HalDevice
from npu_hal.api import DeviceKind, Driver, Graph, NpuHalError
from npu_hal.registry import Registry, default_registry
from npu_hal_nnapi.codes import DeviceTypeCode, FeatureLevel
from npu_hal_nnapi.errors import bad_state, raise_nnapi_error
from npu_hal_nnapi.lowering import Operation
from npu_hal_nnapi.model import Model

_TYPES: Mapping[DeviceKind, DeviceTypeCode] = {
    DeviceKind.CPU: DeviceTypeCode.CPU,
    DeviceKind.NPU: DeviceTypeCode.ACCELERATOR,
    DeviceKind.EMULATOR: DeviceTypeCode.OTHER,
}


@dataclass(frozen=True, slots=True)
class Device:
    """A device as clients see it; `name` is ``driver.device``, as in ``etnaviv.emulator:a311d``."""

    driver: Driver
    device: str
    type: DeviceTypeCode
    version: str

    @property
    def name(self) -> str:
        """The name, stable from process to process."""
        return f"{self.driver.name}.{self.device}"

    @property
    def feature_level(self) -> FeatureLevel:
        """The version of the specification whose calls and rules are served."""
        return FeatureLevel.LEVEL_4

    def open(self) -> HalDevice:
        """Open the device; raises what the driver raises."""
        return self.driver.open(self.device)


def devices(registry: Registry | None = None) -> tuple[Device, ...]:
    """All usable devices: accelerators first, then CPUs, then emulated ones."""
    registry = registry or default_registry()
    order = (DeviceKind.NPU, DeviceKind.CPU, DeviceKind.EMULATOR)
    found = [
        (order.index(info.kind), Device(driver, info.name, _TYPES[info.kind], registry.owner(driver.name)))
        for driver in registry.drivers.values()
        for info in driver.probe()
        if info.is_usable
    ]
    return tuple(device for _, device in sorted(found, key=lambda item: item[0]))


def supported_operations(model: Model, chosen: tuple[Device, ...]) -> tuple[bool, ...]:
    """For each of a finished model's operations, in the order of `Model.operations`, whether a device runs it."""
    if not model.is_finished:
        raise bad_state("the model is not finished")
    graphs = [_graph_of(model, operation) for operation in model.operations]
    supported = [False] * len(graphs)
    for device in chosen:
        with _opened(device) as opened:
            for index, graph in enumerate(graphs):
                supported[index] |= graph is not None and _runs(opened, graph)
    return tuple(supported)


def _opened(device: Device) -> HalDevice:
    try:
        return device.open()
    except NpuHalError as error:
        raise_nnapi_error(error)


def _graph_of(model: Model, operation: Operation) -> Graph | None:
    """A graph of one operation alone, for others may be such as no graph can hold; None if that is so of this one."""
    try:
        return model.lower_alone(operation)
    except NpuHalError:
        return None


def _runs(device: HalDevice, graph: Graph) -> bool:
    return all(device.supports(operation, graph) for operation in graph.operations)
