"""Variables made explicit: what a model keeps between inferences becomes inputs and outputs of its graph.

TensorFlow Lite has two kinds: tensors marked as variable, which recurrent operators overwrite, and resources, which
VAR_HANDLE names, READ_VARIABLE and ASSIGN_VARIABLE access, and a subgraph that CALL_ONCE runs initialises. Followed
through the operators in their order, a variable is the tensor that holds its value at each point: the first reader
reads a graph input, and what the last writer gives is a graph output, to be fed back at the next inference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from npu_hal.api import Array, DType, InvalidGraph, InvalidModel, Tensor, UnsupportedOperation
from npu_hal.tflite.operator_view import OperatorView
from npu_hal.tflite.tensor_table import TensorTable

# Positions of the states among the inputs, by kind of operator.
_STATE_OPERANDS = {"UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19), "RNN": (4,), "SVDF": (4,)}

# A variable tensor's index, or a resource's container and name.
_Variable = int | tuple[str, str]


@dataclass(frozen=True, slots=True)
class TrackedState:
    """A variable: the tensors that hold it before and after an inference, and its value before the first."""

    before: int
    after: int
    initial: Array


class Variables:
    """Follows the variables of a subgraph; operators are given in the order in which they run."""

    def __init__(self, tensors: TensorTable) -> None:
        self._tensors = tensors
        self._initial: dict[_Variable, Tensor] = {}
        self._handles: dict[int, _Variable] = {}
        self._before: dict[_Variable, int] = {}
        self._now: dict[_Variable, int] = {}
        # Tensors that READ_VARIABLE gives, and those that they stand for.
        self._read: dict[int, int] = {}

    def initialise(self, initial: Mapping[tuple[str, str], Tensor]) -> None:
        """Note the constants that CALL_ONCE's subgraph assigns."""
        for resource, value in initial.items():
            self._initial[resource] = value

    def access(self, name: str, view: OperatorView) -> bool:
        """Follow an operator that does nothing but access variables; False if it is none of these.

        Raises `UnsupportedOperation`, `InvalidGraph`.
        """
        match name:
            case "VAR_HANDLE":
                self._handles[_only(name, view.outputs)] = _resource(view)
            case "READ_VARIABLE":
                self._read_variable(self._handle(name, view), _only(name, view.outputs))
            case "ASSIGN_VARIABLE":
                if len(view.inputs) != 2:
                    raise InvalidGraph(f"{name} has {len(view.inputs)} inputs, it takes 2")
                self._now[self._handle(name, view)] = self.current(view.inputs[1])
            case _:
                return False
        return True

    def current(self, index: int) -> int:
        """The tensor that holds the value of tensor `index` now: itself, unless it shows a variable."""
        if index >= 0 and self._tensors.is_variable(index):
            self._before.setdefault(index, index)
            return self._now.setdefault(index, index)
        return self._read.get(index, index)

    def expose(self, name: str, view: OperatorView) -> OperatorView:
        """The operator with current values as its inputs, and outputs for the states that it overwrites."""
        positions = _STATE_OPERANDS.get(name, ())
        if any(position >= len(view.inputs) for position in positions):
            return view
        outputs = list(view.outputs)
        written = [view.inputs[position] for position in positions]
        if any(index < 0 or not self._tensors.is_variable(index) for index in written):
            raise InvalidGraph(f"the state of {name} is no variable tensor")
        inputs = tuple(self.current(index) for index in view.inputs)
        for index in written:
            state = self._tensors[index]
            self._now[index] = self._tensors.add(state.model_copy(update={"name": f"{state.name}:next"}))
            outputs.append(self._now[index])
        return replace(view, inputs=inputs, outputs=tuple(outputs))

    def states(self) -> list[TrackedState]:
        """The variables that an inference reads before it writes them. Raises `InvalidModel`."""
        return [self._state(variable, before) for variable, before in self._before.items()]

    def _state(self, variable: _Variable, before: int) -> TrackedState:
        after = self._now[variable]
        old, new = self._tensors[before], self._tensors[after]
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            raise InvalidModel(
                f"variable {old.name!r} is {old.dtype}{list(old.shape)}, but is assigned {new.dtype}{list(new.shape)}"
            )
        return TrackedState(before, after, self._initial_value(variable, old))

    def _initial_value(self, variable: _Variable, tensor: Tensor) -> Array:
        initial = self._initial.get(variable)
        if initial is not None:
            return initial.constant()
        # TensorFlow Lite fills variable tensors with zeros, int8 ones with their zero point.
        zero_point = tensor.quantization.zero_points[0] if tensor.quantization and tensor.dtype is DType.INT8 else 0
        # Not filled before somebody runs the model: a hostile file may claim any shape.
        return np.broadcast_to(np.array(zero_point, tensor.dtype.numpy), tensor.shape)

    def _read_variable(self, variable: _Variable, output: int) -> None:
        if variable not in self._now:
            initial = self._initial.get(variable)
            if initial is None:
                raise UnsupportedOperation(f"variable {_label(variable)} is read, but nothing gives it a first value")
            self._tensors.infer(output, initial.shape)
            self._before[variable] = self._now[variable] = output
        now = self._now[variable]
        shown, held = self._tensors[output], self._tensors[now]
        if (shown.dtype, shown.quantization) != (held.dtype, held.quantization):
            raise UnsupportedOperation(
                f"variable {_label(variable)} is read as {shown.dtype} with another quantisation than it was "
                f"assigned with"
            )
        self._read[output] = now

    def _handle(self, name: str, view: OperatorView) -> _Variable:
        if not view.inputs or view.inputs[0] not in self._handles:
            raise InvalidGraph(f"the first input of {name} is no handle of a variable")
        return self._handles[view.inputs[0]]


def initial_values(
    operators: Sequence[tuple[str, OperatorView]], tensors: TensorTable
) -> dict[tuple[str, str], Tensor]:
    """The constants that a subgraph of initialisation assigns to variables.

    Raises `UnsupportedOperation` if it does anything else.
    """
    handles: dict[int, tuple[str, str]] = {}
    initial: dict[tuple[str, str], Tensor] = {}
    for name, view in operators:
        if name == "VAR_HANDLE":
            handles[_only(name, view.outputs)] = _resource(view)
        elif name == "ASSIGN_VARIABLE" and len(view.inputs) == 2 and view.inputs[0] in handles:
            value = tensors[view.inputs[1]]
            if not value.is_constant:
                raise UnsupportedOperation(f"variable {handles[view.inputs[0]]} is initialised by a computation")
            initial[handles[view.inputs[0]]] = value
        else:
            raise UnsupportedOperation(f"the model's initialisation runs {name}; only constants can be assigned there")
    return initial


def _resource(view: OperatorView) -> tuple[str, str]:
    return str(view.options.get("container", "")), str(view.options.get("shared_name", ""))


def _label(variable: _Variable) -> str:
    return repr(variable[1]) if isinstance(variable, tuple) else str(variable)


def _only(name: str, operands: tuple[int, ...]) -> int:
    if len(operands) != 1:
        raise InvalidGraph(f"{name} has {len(operands)} outputs, it gives 1")
    return operands[0]
