"""Element-by-element functions of 8-bit tensors as tables of their 256 values."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType
from npu_hal_software.reference.kernel import Kernel


def tabulate(dtype: DType, function: Callable[[NDArray[np.int32]], NDArray[Any]]) -> Callable[[Array], NDArray[Any]]:
    """`function` of int32 values as stored, evaluated once for each value of the 8-bit type `dtype`.

    Gives the same function of arrays of that type.
    """
    low, high = dtype.integer_range
    # Entry i is for the value whose byte is i: negative values of int8 follow the others.
    table = np.roll(function(np.arange(low, high + 1, dtype=np.int32)), low)
    return lambda stored: table[stored.view(np.uint8)]


def unary_by_table(dtype: DType, function: Callable[[NDArray[np.int32]], NDArray[Any]]) -> Kernel:
    """The kernel of an operation that is `tabulate(dtype, function)` of its only input."""
    look_up = tabulate(dtype, function)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0][...] = look_up(inputs[0])

    return run
