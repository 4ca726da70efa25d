"""Fused activations: what of them the NN unit's ReLU and the range of a byte do (hardware note, section 4).

The unit clamps at the output's zero point or not at all, and every value to 0 to 255. An upper bound such as RELU6's is
had by raising the zero point of the output's image until the bound is 255. Jobs that read the image take its zero point
as it is; where the tensor leaves the NPU, a job lowers it again.
"""

import math

import numpy as np

from npu_hal.api import Activation, Tensor
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization

LARGEST_VALUE = 255


def needs_clamp_at_zero(activation: Activation) -> bool:
    """Whether the NN unit's ReLU does the activation's lower bound."""
    return activation.bounds[0] == 0


def raised_zero_point(activation: Activation, output: Tensor) -> int:
    """The zero point of an output's image that has the activation's upper bound at 255.

    It is the tensor's own where no value exceeds the bound, and where the lower bound is not the zero point: values
    below the byte's range would not be cut off any more.
    """
    zero_point = unsigned_quantization(output).zero_point
    if not needs_clamp_at_zero(activation):
        return zero_point
    return zero_point + max(LARGEST_VALUE - _stored_bound(activation.bounds[1], output), 0)


def unreachable_reason(activation: Activation, output: Tensor) -> str:
    """Why the NN unit cannot do an activation, or nothing: a bound other than those above must limit no value."""
    low, high = activation.bounds
    if needs_clamp_at_zero(activation):
        return ""
    if _stored_bound(low, output) > 0 or _stored_bound(high, output) < LARGEST_VALUE:
        return f"{activation} limits the output to {low:g} and {high:g}, and the NPU has no lower bound but 0"
    return ""


def _stored_bound(bound: float, tensor: Tensor) -> int:
    """A real bound as a stored value, by TensorFlow Lite's rounding; infinities are outside of the byte's range."""
    if math.isinf(bound):
        return -1 if bound < 0 else LARGEST_VALUE + 1
    quantization = unsigned_quantization(tensor)
    steps = float(np.float32(bound) / np.float32(quantization.scale))
    return quantization.zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))
