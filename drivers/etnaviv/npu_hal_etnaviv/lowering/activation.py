"""Fused activations: the NN unit clamps at the output's zero point or not at all (hardware note, section 4)."""

import math

from npu_hal.api import Activation, Tensor
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization

LARGEST_VALUE = 255


def needs_clamp_at_zero(activation: Activation) -> bool:
    """Whether the NN unit's ReLU does the activation's lower bound."""
    return activation.bounds[0] == 0


def unreachable_reason(activation: Activation, output: Tensor) -> str:
    """Why the NN unit cannot do an activation, or nothing.

    It has no upper bound: one is accepted where the largest stored value does not exceed it. Likewise a lower bound
    that is not 0 where the smallest stored value does not fall below it.
    """
    low, high = activation.bounds
    quantization = unsigned_quantization(output)
    if math.isfinite(high) and quantization.zero_point + round(high / quantization.scale) < LARGEST_VALUE:
        largest = (LARGEST_VALUE - quantization.zero_point) * quantization.scale
        return f"{activation} limits the output to {high:g}, but its values reach {largest:g} and the NPU has no limit"
    if math.isfinite(low) and low != 0 and quantization.zero_point + round(low / quantization.scale) > 0:
        smallest = -quantization.zero_point * quantization.scale
        return f"{activation} limits the output to {low:g}, but its values reach {smallest:g} and the NPU has no limit"
    return ""
