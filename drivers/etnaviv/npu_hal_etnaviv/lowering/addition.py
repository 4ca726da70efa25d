"""ADD as a convolution that sums two channels (hardware note, section 4)."""

from dataclasses import dataclass, replace

import numpy as np

from npu_hal.api import Add
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Role, Size
from npu_hal_etnaviv.lowering.activation import needs_clamp_at_zero
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution, size_of
from npu_hal_etnaviv.lowering.flat_image import flat_image
from npu_hal_etnaviv.weights.add_as_convolution import MAXIMUM_WEIGHT


@dataclass(frozen=True, slots=True)
class OperandWeights:
    """Two weights in the ratio of two scales, as nearly as 8 bits allow."""

    first: int
    second: int
    relative_error: float
    """Of second / first, against the ratio that was asked for."""


def operand_weights(first_scale: float, second_scale: float) -> OperandWeights:
    """The pair of weights from 1 to 255 whose ratio is nearest to that of the scales; of equals the largest."""
    ratio = second_scale / first_scale
    first = np.arange(1, MAXIMUM_WEIGHT + 1)
    second = np.clip(np.rint(first * ratio), 1, MAXIMUM_WEIGHT).astype(np.int64)
    error = np.abs(second / first / ratio - 1)
    best = len(first) - 1 - int(np.argmin(error[::-1]))
    return OperandWeights(int(first[best]), int(second[best]), float(error[best]))


def lower_add(operation: Add, context: LoweringContext) -> None:
    """Both operands, one after the other in memory, are the input channels of one convolution.

    V7 sees two channels, an operand each, and one output channel. V8 sees the operands' own channels and sums those
    of the same number. Zero points: with x as stored, w0 * (x0 - z0) + w1 * (x1 - z1) is the convolution of input
    zero point z0 and bias w1 * (z0 - z1).
    """
    first, second = context.planar(operation.lhs), context.planar(operation.rhs)
    target = context.new_planar(operation.output, operation.activation)
    both = replace(first, name=f"operands of {target.name}", channels=first.channels + second.channels, layout=PLANAR)
    context.join((first, second), both)
    weights = operand_weights(first.scale, second.scale)
    joined = (
        _two_channels(both, target, weights) if context.core.generation == 7 else _own_channels(both, target, weights)
    )
    convolution = replace(
        joined,
        bias=np.full(joined.output_size.channels, weights.second * (first.zero_point - second.zero_point), np.int32),
        relu=needs_clamp_at_zero(operation.activation),
    )
    context.emit(convolution.job())


def addition_rescale(first_scale: float, weights: OperandWeights, output_scale: float) -> float:
    """The factor from the sum of products to output values, in float32."""
    return float(np.float32(first_scale / (weights.first * output_scale)))


def _two_channels(both: Image, target: Image, pair: OperandWeights) -> Convolution:
    """A 2x2 kernel, of which one tap in each channel is not zero."""
    flat = flat_image(target.height, target.width, target.channels)
    if flat is None:
        raise AssertionError(f"{target.name} was accepted although no flat image holds it")
    width, height = flat
    weights = np.zeros((1, 2, 2, 2), np.uint8)
    weights[0, :, 0, 0] = pair.first, pair.second
    return Convolution(
        label=target.name,
        role=Role.ADDITION,
        input=both,
        output=target,
        input_size=Size(width, height, 2),
        output_size=Size(width, height, 1),
        form=KernelForm.DENSE,
        weights=weights,
        weight_zero_point=0,
        bias=np.zeros(1, np.int32),
        rescale=addition_rescale(both.scale, pair, target.scale),
    )


def _own_channels(both: Image, target: Image, pair: OperandWeights) -> Convolution:
    """A pointwise kernel over all channels of both operands, of which each output reads two."""
    channels = target.channels
    weights = np.zeros((channels, 2 * channels, 1, 1), np.uint8)
    own = np.arange(channels)
    weights[own, own] = pair.first
    weights[own, channels + own] = pair.second
    return Convolution(
        label=target.name,
        role=Role.ADDITION,
        input=both,
        output=target,
        input_size=size_of(both),
        output_size=size_of(target),
        form=KernelForm.DENSE,
        weights=weights,
        weight_zero_point=0,
        bias=np.zeros(channels, np.int32),
        rescale=addition_rescale(both.scale, pair, target.scale),
    )
