"""Compilations: a model made ready for devices."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from weakref import finalize

import numpy as np

from npu_hal.api import Array, Driver, NpuHalError, Shape, Subgraph, UnsupportedOperation
from npu_hal.executor import GraphExecutor, PlacedDevice
from npu_hal.registry import default_registry
from npu_hal.selection import select
from npu_hal_nnapi.codes import PreferenceCode, PriorityCode
from npu_hal_nnapi.compilation_cache import TOKEN_BYTES, CachingDevice, CompilationCache
from npu_hal_nnapi.devices import Device
from npu_hal_nnapi.errors import bad_data, bad_state, raise_nnapi_error
from npu_hal_nnapi.model import LoweredModel, Model
from npu_hal_nnapi.operand import OperandType


class Signature(NamedTuple):
    """What executions may differ in: the types of inputs whose dimensions the model left open, and omitted inputs."""

    types: tuple[tuple[int, OperandType], ...]
    omitted: frozenset[int]


AS_DECLARED = Signature((), frozenset())


@dataclass(frozen=True, slots=True)
class Buffer:
    """What one of the graph's inputs or outputs needs: `index` counts the model's inputs or outputs."""

    index: int
    shape: Shape
    dtype: np.dtype[Any]
    nbytes: int


class Compiled:
    """A lowered model and what runs it, one inference at a time."""

    def __init__(self, model: Model, lowered: LoweredModel, executor: GraphExecutor) -> None:
        graph = lowered.graph
        self.inputs = tuple(
            Buffer(model.inputs.index(operand), tensor.shape, tensor.dtype.numpy, tensor.nbytes)
            for operand, tensor in zip(lowered.inputs, graph.input_tensors, strict=True)
        )
        self.outputs = tuple(
            Buffer(index, tensor.shape, tensor.dtype.numpy, tensor.nbytes)
            for index, tensor in enumerate(graph.output_tensors)
        )
        self._executor = executor
        self._lock = threading.Lock()
        # A device that takes the whole graph needs nobody to lead it from step to step.
        self._whole: Subgraph | None = None
        if len(executor.steps) == 1:
            (step,) = executor.steps
            if (step.inputs, step.outputs) == (graph.inputs, graph.outputs):
                self._whole = step.subgraph

    def run(self, inputs: list[Array], outputs: list[Array]) -> None:
        """One inference; callers of other threads take turns."""
        with self._lock:
            if self._whole is None:
                self._executor.run(inputs, outputs)
            else:
                self._whole.invoke(inputs)
                self._whole.read_outputs(outputs)

    def close(self) -> None:
        """Release the devices."""
        self._executor.close()


class Compilation:
    """A finished model, and the devices that are to run it.

    With `devices`, those alone; without, the device that `TEFLON_DRIVER` and `TEFLON_DEVICE` name, or the default,
    with the CPU for what it refuses. Methods raise `NnapiError` with the codes of the specification.
    """

    def __init__(self, model: Model, devices: Sequence[Device] | None = None) -> None:
        if not model.is_finished:
            raise bad_state("the model is not finished; it cannot be compiled")
        if devices is not None and (not devices or len({device.name for device in devices}) != len(devices)):
            raise bad_data("the devices of a compilation are one at least, and different from each other")
        self.model = model
        self.preference = PreferenceCode.FAST_SINGLE_ANSWER
        self.priority = PriorityCode.MEDIUM
        self._devices = tuple(devices) if devices is not None else None
        self._cache: CompilationCache | None = None
        self._compiled: dict[Signature, Compiled] = {}
        self._compiling = threading.Lock()
        self._finished = False
        # Executions may outlast the caller's interest in the compilation, which is released with the last of them.
        self._close = finalize(self, _close, self._compiled)

    @property
    def is_finished(self) -> bool:
        """Whether `finish` succeeded."""
        return self._finished

    @property
    def is_for_one_device(self) -> bool:
        """Whether one device was chosen, and no other may take part."""
        return self._devices is not None and len(self._devices) == 1

    def set_preference(self, preference: int) -> None:
        """Say what executions are to be good at; a hint."""
        self._require_unfinished()
        try:
            self.preference = PreferenceCode(preference)
        except ValueError:
            raise bad_data(f"{preference} is no preference") from None

    def set_priority(self, priority: int) -> None:
        """Say how important executions are; a hint."""
        self._require_unfinished()
        try:
            self.priority = PriorityCode(priority)
        except ValueError:
            raise bad_data(f"{priority} is no priority") from None

    def set_timeout(self, nanoseconds: int) -> None:
        """Bound the time of `finish`: BAD_DATA unless one device was chosen, and then a hint."""
        self._require_unfinished()
        if not self.is_for_one_device:
            raise bad_data("a time-out needs a compilation for one device")

    def set_caching(self, folder: Path, token: bytes) -> None:
        """Keep what is compiled in a folder, under a token of 32 bytes that stands for the model."""
        self._require_unfinished()
        if len(token) != TOKEN_BYTES:
            raise bad_data(f"a token has {TOKEN_BYTES} bytes, not {len(token)}")
        if not folder.is_dir():
            raise bad_data(f"{folder} is no folder to keep compilations in")
        self._cache = CompilationCache(folder, bytes(token))

    def finish(self) -> None:
        """Compile; BAD_DATA if the chosen devices cannot run the model.

        A model whose inputs have dimensions left open is compiled when an execution gives them.
        """
        self._require_unfinished()
        if all(self.model.operands[index].type.is_complete for index in self.model.inputs):
            self.compiled(AS_DECLARED)
        self._finished = True

    def compiled(self, signature: Signature) -> Compiled:
        """The model compiled for executions of this signature: at once if there was one before."""
        found = self._compiled.get(signature)
        if found is not None:
            return found
        if not self._close.alive:
            raise bad_state("the compilation was closed")
        with self._compiling:
            if signature not in self._compiled:
                try:
                    lowered = self.model.lower(dict(signature.types), signature.omitted)
                    self._compiled[signature] = Compiled(self.model, lowered, self._executor(lowered))
                except NpuHalError as error:
                    raise_nnapi_error(error)
            return self._compiled[signature]

    def close(self) -> None:
        """Release devices and what was compiled for them; executions fail from then on."""
        self._close()

    def _executor(self, lowered: LoweredModel) -> GraphExecutor:
        if self._devices is None:
            return self._default_executor(lowered)
        refusal: UnsupportedOperation | None = None
        for device in self._devices:
            spares: list[Device | None] = [other for other in self._devices if other is not device]
            for spare in spares or [None]:
                fallback = None if spare is None else partial(self._placed, spare.driver, spare.device)
                try:
                    return GraphExecutor(lowered.graph, self._placed(device.driver, device.device), fallback)
                except UnsupportedOperation as error:
                    refusal = refusal or error
        raise refusal or bad_data("no device was chosen")

    def _default_executor(self, lowered: LoweredModel) -> GraphExecutor:
        registry = default_registry()
        selection = select(registry=registry)
        device = self._placed(selection.driver, selection.device)
        return GraphExecutor(lowered.graph, device, lambda: self._placed(registry.fallback(), None))

    def _placed(self, driver: Driver, name: str | None) -> PlacedDevice:
        device = driver.open(name)
        if self._cache is not None:
            device = CachingDevice(driver.name, device, self._cache)
        return PlacedDevice(driver.name, device)

    def _require_unfinished(self) -> None:
        if self._finished:
            raise bad_state("the compilation is finished; it cannot be changed")


def _close(compiled: dict[Signature, Compiled]) -> None:
    while compiled:
        compiled.popitem()[1].close()
