"""What operations have in common that move elements, whatever their type."""

from collections.abc import Sequence
from typing import ClassVar

from npu_hal.api.operation import Input, Operation, Output, require_same_dtype
from npu_hal.api.tensor import Tensor


class Movement(Operation):
    """Inputs and outputs of any one element type."""

    needs_quantization: ClassVar[bool] = False

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type; `InvalidGraph` if there are several."""
        require_same_dtype(tensors, (*self.inputs, *self.outputs))


class UnaryMovement(Movement):
    """One input, and one output of its element type."""

    input: Input
    output: Output
