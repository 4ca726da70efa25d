"""What a contender does in its process: load a model, and run it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from npu_hal.api import Array, DType, InvalidOption, NpuHalError, Tensor
from npu_hal.bench.contender import LITERT, Contender
from npu_hal.executor import GraphExecutor
from npu_hal.inputs.random_values import random_values
from npu_hal.registry import default_registry
from npu_hal.selection import select
from npu_hal.tflite.reader import read_model

THREADS_OPTION = "threads"


class Runner(Protocol):
    """A model that is loaded and has its inputs."""

    @property
    def description(self) -> str:
        """What runs it."""

    def run(self) -> None:
        """One inference."""

    def operations(self) -> list[dict[str, Any]]:
        """The time of each operation, where the contender can tell: position, name and seconds."""


class DriverRunner:
    """A model on a driver of npu-hal, with the fallback driver for what it refuses."""

    def __init__(self, model: Path, contender: Contender, seed: int) -> None:
        graph = read_model(model).graph
        options = dict(contender.options)
        if contender.threads is not None:
            driver = select(contender.driver, contender.device).driver
            if any(option.name == THREADS_OPTION for option in driver.options):
                options.setdefault(THREADS_OPTION, str(contender.threads))
        self._executor = GraphExecutor.open(graph, contender.driver, contender.device, options, default_registry())
        generator = np.random.default_rng(seed)
        self._inputs: list[Array] = [random_values(tensor, generator) for tensor in graph.input_tensors]
        self._outputs: list[Array] = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]

    @property
    def description(self) -> str:
        """The devices that take part."""
        return " and ".join(dict.fromkeys(str(step.placement) for step in self._executor.steps))

    def run(self) -> None:
        """One inference."""
        self._executor.run(self._inputs, self._outputs)

    def operations(self) -> list[dict[str, Any]]:
        """Times by the drivers' own profiles."""
        return [
            {"operation": time.operation, "name": time.name, "seconds": time.seconds}
            for time in self._executor.profile(self._inputs, self._outputs)
        ]


class LiteRtRunner:
    """A model on LiteRT's default kernels."""

    def __init__(self, model: Path, contender: Contender, seed: int) -> None:
        if find_spec("ai_edge_litert") is None:
            raise InvalidOption("a comparison with litert needs LiteRT: install npu-hal[tflite]")
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(model), num_threads=contender.threads)
        try:
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise NpuHalError(f"LiteRT does not run {model}: {error}") from None
        generator = np.random.default_rng(seed)
        self._inputs: list[tuple[int, Array]] = []
        for detail in self._interpreter.get_input_details():
            tensor = Tensor(
                name=detail["name"], shape=tuple(detail["shape"]), dtype=DType(np.dtype(detail["dtype"]).name)
            )
            self._inputs.append((detail["index"], random_values(tensor, generator)))
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    @property
    def description(self) -> str:
        """The runtime."""
        return "LiteRT"

    def run(self) -> None:
        """One inference, from arrays to arrays as with drivers."""
        for index, array in self._inputs:
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        for index in self._outputs:
            self._interpreter.get_tensor(index)

    def operations(self) -> list[dict[str, Any]]:
        """LiteRT does not tell."""
        return []


def load(model: Path, contender: Contender, seed: int) -> Runner:
    """Load a model for a contender; raises `NpuHalError`."""
    if contender.runtime == LITERT:
        return LiteRtRunner(model, contender, seed)
    return DriverRunner(model, contender, seed)
