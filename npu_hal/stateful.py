"""Running a model that keeps something between inferences."""

from collections.abc import Mapping, Sequence

import numpy as np

from npu_hal.api import Array, Closeable
from npu_hal.executor import GraphExecutor
from npu_hal.registry import Registry
from npu_hal.tflite.model import Model


class ModelExecutor(Closeable):
    """A model ready to run any number of times; what it gives for its states is fed back at the next inference.

    `run` takes and gives the model's own inputs and outputs only. The executor is owned and closed.
    """

    def __init__(self, model: Model, executor: GraphExecutor) -> None:
        self._model = model
        self._executor = executor
        self._output_tensors = model.output_tensors
        # Read by an inference, and written by it; the two change places after each.
        self._before: list[Array] = []
        self._after: list[Array] = []
        self.reset()

    @classmethod
    def open(
        cls,
        model: Model,
        driver: str | None = None,
        device: str | None = None,
        options: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> "ModelExecutor":
        """An executor on the device that the arguments and the environment mean, as `GraphExecutor.open` does."""
        return cls(model, GraphExecutor.open(model.graph, driver, device, options, registry))

    @property
    def executor(self) -> GraphExecutor:
        """What runs the graph."""
        return self._executor

    def reset(self) -> None:
        """Forget all earlier inferences: every state has its initial value again."""
        self._before = [np.array(state.initial) for state in self._model.states]
        self._after = [np.empty_like(array) for array in self._before]

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array] | None = None) -> list[Array]:
        """One inference; arrays for the model's outputs, which are `outputs` if they are given.

        Raises what `GraphExecutor.run` raises; the states are then as before the inference.
        """
        if not self._before:
            return self._executor.run(inputs, outputs)
        if outputs is None:
            outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in self._output_tensors]
        self._executor.run([*inputs, *self._before], [*outputs, *self._after])
        self._before, self._after = self._after, self._before
        return list(outputs)

    def close(self) -> None:
        """Close the graph's executor."""
        self._executor.close()
