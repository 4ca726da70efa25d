"""What an operator of a file is given: its input tensors and its options."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from npu_hal.api import Activation

from ..file_parts import ACTIVATIONS

# Maps an attribute's integers to the index of a constant tensor that holds them.
AddConstant = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class OperatorArguments:
    """The inputs, the name of the schema's table of options, and its values by names of the schema's accessors."""

    inputs: Sequence[int]
    options_name: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def fused_activation(activation: Activation) -> dict[str, Any]:
    return {"FusedActivationFunction": ACTIVATIONS[activation]}
