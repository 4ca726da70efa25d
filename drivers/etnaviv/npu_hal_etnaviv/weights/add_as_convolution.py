"""ADD of two tensors as a convolution (hardware note, section 4)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAXIMUM_WEIGHT = 255


@dataclass(frozen=True, slots=True)
class AdditionScales:
    """Two operands, quantised, as the two weights of a convolution.

    The convolution's input scale is that of operand 0; its weight zero point is 0.
    """

    weight_scale: np.float32
    first_weight: int
    second_weight: int
    bias: int
    """round((z0 - z1) * s1 / (weight scale * s0))."""


def addition_scales(
    first_scale: float, first_zero_point: int, second_scale: float, second_zero_point: int
) -> AdditionScales:
    """Weights and bias of s0 * (q0 - z0) + s1 * (q1 - z1), computed in float32 steps.

    The zero points may be given before or after the change from int8 to uint8: only their difference counts.
    """
    ratio = np.float32(second_scale) / np.float32(first_scale)
    weight_scale = np.float32(max(ratio, np.float32(1))) / np.float32(MAXIMUM_WEIGHT)
    bias = round(
        float(
            np.float32(first_zero_point - second_zero_point)
            * np.float32(second_scale)
            / np.float32(weight_scale * np.float32(first_scale))
        )
    )
    return AdditionScales(weight_scale, round(float(1 / weight_scale)), round(float(ratio / weight_scale)), bias)


def v7_addition_weights(scales: AdditionScales) -> npt.NDArray[np.uint8]:
    """uint8 [1][2][2][2]: one output channel over the operands as two channels."""
    weights = np.zeros((1, 2, 2, 2), np.uint8)
    weights[0, :, 0, 0] = scales.first_weight, scales.second_weight
    return weights


def v7_folded_addition_bias(scales: AdditionScales, first_zero_point: int) -> npt.NDArray[np.int32]:
    """int32 [1]: bias' of the stream, with the zero point of both operands' bytes folded in.

    first_zero_point: of operand 0 as the config holds it, 0 to 255.
    """
    value = scales.bias - (scales.first_weight + scales.second_weight) * first_zero_point
    return np.array([value & 0xFFFFFFFF], np.int64).astype(np.uint32).view(np.int32)


def v8_addition_weights(scales: AdditionScales, channels: int) -> npt.NDArray[np.uint8]:
    """uint8 [C][2 C][1][1]: channel c of the sum reads channel c of each operand."""
    weights = np.zeros((channels, 2 * channels, 1, 1), np.uint8)
    own = np.arange(channels)
    weights[own, own] = scales.first_weight
    weights[own, channels + own] = scales.second_weight
    return weights
