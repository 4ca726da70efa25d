"""The reference level's definitions, for what has no kernel and for tables of results."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from npu_hal.api import Operation, Tensor

if TYPE_CHECKING:
    from npu_hal_software.reference.kernel import Kernel


def compile_definition(operation: Operation, tensors: Sequence[Tensor]) -> "Kernel":
    """The operation's definition in numpy."""
    # Definitions of all kinds are many modules, which most models never use: they are imported when first needed.
    from npu_hal_software.reference.compilation import compile_operation

    return compile_operation(operation, tensors)
