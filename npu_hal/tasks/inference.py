"""Running the inferences of a job, with the model's states handed from each to the next."""

from collections.abc import Sequence

from npu_hal.api import Array
from npu_hal.executor import GraphExecutor
from npu_hal.tflite.model import State


class StatefulInference:
    """A model that remembers: called with its own inputs, it gives its own outputs.

    States start at their initial values; `reset` sets them back to these.
    """

    def __init__(self, executor: GraphExecutor, states: Sequence[State]) -> None:
        self._executor = executor
        self._states = states
        self._own_outputs = len(executor.graph.outputs) - len(states)
        self.reset()

    def reset(self) -> None:
        """Forget what was before."""
        self._values = [state.initial for state in self._states]

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference. Raises what `GraphExecutor.run` raises."""
        outputs = self._executor.run([*inputs, *self._values])
        self._values = [outputs[state.output] for state in self._states]
        return outputs[: self._own_outputs]
