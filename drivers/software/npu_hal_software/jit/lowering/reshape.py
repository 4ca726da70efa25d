"""RESHAPE, EXPAND_DIMS and SQUEEZE."""

from typing import TYPE_CHECKING

from npu_hal_software.jit.program import Program

if TYPE_CHECKING:
    from npu_hal.api import ExpandDims, Reshape, Squeeze


def lower_reshape(program: Program, operation: "Reshape | ExpandDims | Squeeze") -> bool:
    """The same bytes under another shape."""
    program.alias(operation.output, operation.input)
    return True
