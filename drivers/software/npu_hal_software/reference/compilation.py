"""From an operation to its kernel."""

from collections.abc import Sequence

from npu_hal.api import Array, Operation, Tensor
from npu_hal_software.reference.definitions import find_definition
from npu_hal_software.reference.kernel import Kernel


def compile_operation(operation: Operation, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an operation that `refusal` has nothing against."""
    if all(tensors[index].size == 0 for index in operation.outputs):
        return _compute_nothing
    definition = find_definition(operation.kind)
    assert definition is not None, "operations without a definition were refused"
    return definition.compile(operation, tensors)


def _compute_nothing(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """The kernel of operations whose outputs have no elements."""
