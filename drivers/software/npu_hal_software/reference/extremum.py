"""MINIMUM, MAXIMUM, REDUCE_MIN, REDUCE_MAX, ARG_MIN and ARG_MAX: elements are compared as stored."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from npu_hal.api import ArgMax, ArgMin, Array, Maximum, Minimum, ReduceMax, ReduceMin, Tensor
from npu_hal_software.reference.kernel import Kernel

_OF_TWO: dict[str, Callable[..., Any]] = {"MINIMUM": np.minimum, "MAXIMUM": np.maximum}
_ALONG_AXES: dict[str, Callable[..., Any]] = {"REDUCE_MIN": np.min, "REDUCE_MAX": np.max}
_INDEX: dict[str, Callable[..., Any]] = {"ARG_MIN": np.argmin, "ARG_MAX": np.argmax}


def compile_extremum(operation: Minimum | Maximum, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the smaller or larger of two tensors, element by element."""
    choose = _OF_TWO[operation.kind]

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        choose(inputs[0], inputs[1], out=outputs[0])

    return run


def compile_reduce_extremum(operation: ReduceMin | ReduceMax, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the smallest or largest element along axes."""
    reduce = _ALONG_AXES[operation.kind]
    shape = tensors[operation.output].shape
    return lambda inputs, outputs: np.copyto(outputs[0], reduce(inputs[0], axis=operation.axes).reshape(shape))


def compile_arg_extremum(operation: ArgMin | ArgMax, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the index of the smallest or largest element along an axis, the first of equals."""
    index = _INDEX[operation.kind]

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0][...] = index(inputs[0], axis=operation.axis)

    return run
