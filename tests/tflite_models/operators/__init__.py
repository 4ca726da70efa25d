"""How the schema has each kind of operation; one family of kinds a module."""

from collections.abc import Callable, Sequence

from npu_hal.api import AnyOperation, Tensor

from .arguments import AddConstant, OperatorArguments
from .convolution import convolution_arguments
from .elementwise import elementwise_arguments
from .layout import layout_arguments
from .normalization import normalization_arguments
from .pooling import pooling_arguments
from .reduction import reduction_arguments
from .resize import resize_arguments
from .slicing import slicing_arguments

# Each answers None for the kinds of other families.
FAMILIES: tuple[Callable[[AnyOperation, Sequence[Tensor], AddConstant], OperatorArguments | None], ...] = (
    convolution_arguments,
    pooling_arguments,
    elementwise_arguments,
    normalization_arguments,
    reduction_arguments,
    layout_arguments,
    slicing_arguments,
    resize_arguments,
)

__all__ = ["FAMILIES", "AddConstant"]
