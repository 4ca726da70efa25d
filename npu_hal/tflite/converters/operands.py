"""What converters ask of an operator: its operands, options and constant attributes, checked."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from npu_hal.api import Activation, DType, InvalidGraph, Padding, Tensor, UnsupportedOperation
from npu_hal.tflite.operator_view import OperatorView, OptionValue

# ActivationFunctionType of the schema.
_ACTIVATIONS = {
    0: Activation.NONE,
    1: Activation.RELU,
    2: Activation.RELU_N1_TO_1,
    3: Activation.RELU6,
}
_ACTIVATIONS_ELSEWHERE = {4: "TANH", 5: "SIGN_BIT"}

# Padding of the schema.
_PADDINGS = {0: Padding.SAME, 1: Padding.VALID}

# More axes than numpy 1 has; no operation of TensorFlow Lite takes half as many.
MAX_RANK = 32


class ComputedAttribute(UnsupportedOperation):
    """What the interface has as an attribute, a tensor has that is computed; the outputs' shapes depend on it."""


class Operands(NamedTuple):
    """An operator that is being converted. Every method raises `InvalidGraph` for what no valid model has."""

    name: str
    view: OperatorView
    tensors: Sequence[Tensor]

    def inputs(self, required: int, optional: int) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
        """The indices of `required` inputs, and of `optional` ones, None for those that are absent."""
        given = self.view.inputs
        if not required <= len(given) <= required + optional:
            wanted = f"{required} to {required + optional}" if optional else f"{required}"
            raise InvalidGraph(f"{self.name} has {len(given)} inputs, it takes {wanted}")
        for position, index in enumerate(given[:required]):
            if index < 0:
                raise InvalidGraph(f"input {position} of {self.name} is absent, and not optional")
        absent = (None,) * (required + optional - len(given))
        return given[:required], (*(None if index < 0 else index for index in given[required:]), *absent)

    def required_inputs(self, count: int) -> tuple[int, ...]:
        """The indices of exactly `count` inputs."""
        return self.inputs(count, 0)[0]

    def only_input(self) -> int:
        """The index of the one input."""
        return self.required_inputs(1)[0]

    def all_inputs(self) -> tuple[int, ...]:
        """The indices of one or more inputs, all present."""
        return self.required_inputs(max(len(self.view.inputs), 1))

    def only_output(self) -> int:
        """The index of the one output."""
        return self.all_outputs(1)[0]

    def all_outputs(self, count: int) -> tuple[int, ...]:
        """The indices of exactly `count` outputs."""
        outputs = self.view.outputs
        if len(outputs) != count or any(index < 0 for index in outputs):
            raise InvalidGraph(f"{self.name} has outputs {list(outputs)}, it gives {count}")
        return outputs

    def input_and_output(self) -> dict[str, Any]:
        """The fields of an operation with one input and one output."""
        return {"input": self.only_input(), "output": self.only_output()}

    def tensor(self, index: int) -> Tensor:
        """The tensor at `index`."""
        return self.tensors[index]

    def option(self, name: str, default: OptionValue) -> OptionValue:
        """An option, or the schema's default of it."""
        return self.view.options.get(name, default)

    def integer(self, name: str, default: int = 0) -> int:
        """An option that is an integer."""
        value = self.option(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidGraph(f"option {name} of {self.name} is {value!r}, not an integer")
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """An option that is a vector of integers; empty unless given."""
        value = self.option(name, ())
        if not isinstance(value, tuple):
            raise InvalidGraph(f"option {name} of {self.name} is {value!r}, not a vector of integers")
        return value

    def flag(self, name: str) -> bool:
        """An option that is a truth value; False unless given."""
        return bool(self.option(name, False))

    def real(self, name: str, default: float = 0.0) -> float:
        """An option that is a number."""
        value = self.option(name, default)
        if not isinstance(value, int | float):
            raise InvalidGraph(f"option {name} of {self.name} is {value!r}, not a number")
        return float(value)

    def activation(self) -> Activation:
        """The fused activation; `UnsupportedOperation` for those that the interface cannot fuse."""
        number = self.integer("fused_activation_function")
        if number in _ACTIVATIONS_ELSEWHERE:
            raise UnsupportedOperation(
                f"{self.name} with a fused {_ACTIVATIONS_ELSEWHERE[number]} is not supported; fuse a RELU or none"
            )
        if number not in _ACTIVATIONS:
            raise InvalidGraph(f"{self.name} has the unknown fused activation {number}")
        return _ACTIVATIONS[number]

    def padding(self) -> Padding:
        """The padding rule."""
        number = self.integer("padding")
        if number not in _PADDINGS:
            raise InvalidGraph(f"{self.name} has the unknown padding {number}")
        return _PADDINGS[number]

    def constant_integers(self, index: int, meaning: str, max_count: int = MAX_RANK) -> tuple[int, ...]:
        """The elements of an int32 or int64 constant, flat.

        `ComputedAttribute` if the tensor is computed: the interface has `meaning` as an attribute.
        """
        tensor = self.tensors[index]
        label = f"the {meaning} of {self.name} (tensor {index} {tensor.name!r})"
        if tensor.dtype not in (DType.INT32, DType.INT64):
            raise InvalidGraph(f"{label} has elements of {tensor.dtype}, not int32 or int64")
        if tensor.data is None:
            raise ComputedAttribute(f"{label} must be a constant, but is computed while the model runs")
        if tensor.size > max_count:
            raise InvalidGraph(f"{label} has {tensor.size} elements, more than {max_count}")
        return tuple(int(value) for value in tensor.data.reshape(-1))

    def constant_integer(self, index: int, meaning: str) -> int:
        """The one element of a constant."""
        values = self.constant_integers(index, meaning)
        if len(values) != 1:
            raise InvalidGraph(f"the {meaning} of {self.name} has {len(values)} elements, not one")
        return values[0]

    def constant_pairs(self, index: int, meaning: str, count: int) -> tuple[tuple[int, int], ...]:
        """The rows of a constant of shape [count, 2]."""
        flat = self.constant_integers(index, meaning, 2 * MAX_RANK)
        shape = self.tensors[index].shape
        if shape != (count, 2):
            raise InvalidGraph(f"the {meaning} of {self.name} have shape {list(shape)}, not {[count, 2]}")
        return tuple(zip(flat[0::2], flat[1::2], strict=True))

    def axis(self, axis: int, rank: int) -> int:
        """`axis` counted from 0; negative ones count from the end of `rank` dimensions."""
        if not -rank <= axis < rank:
            raise InvalidGraph(f"axis {axis} of {self.name} is outside of a tensor of {rank} dimensions")
        return axis + rank if axis < 0 else axis
