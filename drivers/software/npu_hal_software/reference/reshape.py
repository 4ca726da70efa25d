"""The same elements in another shape: RESHAPE, EXPAND_DIMS, SQUEEZE."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Tensor
from npu_hal_software.reference.kernel import Kernel

if TYPE_CHECKING:
    from npu_hal.api import ExpandDims, Reshape, Squeeze


def compile_reshape(operation: "Reshape | ExpandDims | Squeeze", tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an operation that changes the shape alone."""
    shape = tensors[operation.output].shape
    return lambda inputs, outputs: np.copyto(outputs[0], inputs[0].reshape(shape))
