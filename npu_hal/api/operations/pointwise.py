"""What operations have in common that compute each element of the output from the input's at the same place."""

from collections.abc import Sequence

from npu_hal.api.operation import FLOAT_OR_QUANTISED8, Input, Operation, Output, require_dtype, require_same_dtype
from npu_hal.api.tensor import Shape, Tensor


class Unary(Operation):
    """The output has the input's shape; 8-bit input and output may differ in quantisation."""

    input: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape."""
        return (tensors[self.input].shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))
