"""A driver that is wrong on purpose, in one place for each kind of promise that drivers make."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from npu_hal.api import (
    API_VERSION,
    AnyOperation,
    Array,
    Device,
    DeviceInfo,
    DeviceKind,
    Driver,
    Graph,
    Subgraph,
    Support,
    hookimpl,
)
from npu_hal.registry import default_registry


class WrongDriver(Driver):
    """The software driver, spoiled."""

    name = "wrong"
    api_version = API_VERSION

    def probe(self) -> Sequence[DeviceInfo]:
        return [DeviceInfo("wrong", DeviceKind.EMULATOR, "a device that is wrong on purpose")]

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        # Wrong: any device name and any option will do, and a descriptor is left open.
        os.open(os.devnull, os.O_RDONLY)
        return WrongDevice(default_registry().get("software").open())


class WrongDevice(Device):
    def __init__(self, behind: Device) -> None:
        self._behind = behind

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("wrong", DeviceKind.EMULATOR, "a device that is wrong on purpose")

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        if operation.kind == "TRANSPOSE":
            # Wrong: no reason.
            return Support.no("")
        if operation.kind == "RESIZE_BILINEAR":
            # Wrong: refused here, accepted by create_subgraph.
            return Support.no("bilinear interpolation is too hard")
        return self._behind.supports(operation, graph)

    def create_subgraph(self, graph: Graph) -> Subgraph:
        spoil = any(operation.kind == "MAX_POOL_2D" for operation in graph.operations)
        return WrongSubgraph(self._behind.create_subgraph(graph), spoil)

    def close(self) -> None:
        self._behind.close()


class WrongSubgraph(Subgraph):
    def __init__(self, behind: Subgraph, spoil: bool) -> None:
        self._behind = behind
        self._spoil = spoil
        self._inputs: list[Array] = []

    def invoke(self, inputs: Sequence[Array]) -> None:
        # Wrong: inputs are not looked at until outputs are asked for.
        self._inputs = list(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        self._behind.invoke(self._inputs)
        self._behind.read_outputs(outputs)
        if self._spoil:
            # Wrong: one element of the result.
            outputs[0].reshape(-1).view(np.uint8)[-1] ^= 4

    def close(self) -> None:
        # Wrong: goes on working when it is closed.
        pass


@hookimpl
def npu_hal_drivers() -> Sequence[Driver]:
    return [WrongDriver()]
