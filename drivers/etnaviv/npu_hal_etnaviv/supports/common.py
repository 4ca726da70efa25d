"""Rules that several families share."""

from npu_hal.api import Activation, Graph, Tensor
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.activation import raised_zero_point, unreachable_reason
from npu_hal_etnaviv.lowering.flat_image import flat_image
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.limits import (
    LARGEST_SIDE,
    LARGEST_TP_SIDE,
    MOST_CHANNELS,
    MOST_VALUES,
    rescale_range,
)
from npu_hal_etnaviv.supports.refusal import require


def require_8_bit(tensor: Tensor) -> None:
    """Int8 or uint8, not empty, not constant, no dimension beyond what TP jobs can move."""
    require(tensor.dtype.is_quantised8, f"{tensor.name} is {tensor.dtype}, and the NPU works on int8 and uint8")
    require(not tensor.is_constant, f"{tensor.name} is a constant, where the NPU takes a computed tensor only")
    require(tensor.size > 0, f"{tensor.name} is empty")
    require(tensor.size <= MOST_VALUES, f"{tensor.name} has {tensor.size} values, and the NPU takes {MOST_VALUES}")
    sides = image_shape(tensor.shape)
    require(
        max(sides) <= LARGEST_TP_SIDE,
        f"{tensor.name} of shape {list(tensor.shape)} has a side of more than {LARGEST_TP_SIDE}",
    )


def require_image(tensor: Tensor) -> None:
    """A tensor that NN jobs work on: 8-bit, one image, sides and channels within the size fields."""
    require_8_bit(tensor)
    if tensor.rank == 4:
        require(tensor.shape[0] == 1, f"{tensor.name} is a batch of {tensor.shape[0]} images, and the NPU takes one")
    height, width, channels = image_shape(tensor.shape)
    require(
        max(height, width) <= LARGEST_SIDE,
        f"{tensor.name} is {height}x{width}, and the NPU takes sides of at most {LARGEST_SIDE}",
    )
    require(
        channels <= MOST_CHANNELS, f"{tensor.name} has {channels} channels, and the NPU takes at most {MOST_CHANNELS}"
    )


def require_rescale(factor: float, core: NpuCore) -> None:
    """A factor from accumulator to output that the multiplier and shift fields hold."""
    low, high = rescale_range(core)
    require(
        low <= factor < high,
        f"its quantisation needs an output factor of {factor:.3g}, and the NPU takes {low:.3g} to {high:.3g}",
    )


def require_activation(activation: Activation, graph: Graph, output: int) -> None:
    """A fused activation that the NN unit does, or that changes nothing."""
    tensor = graph.tensors[output]
    reason = unreachable_reason(activation, tensor)
    require(not reason, reason)
    if raised_zero_point(activation, tensor) != unsigned_quantization(tensor).zero_point:
        require_flat_image(tensor)


def require_flat_image(tensor: Tensor) -> None:
    """Values that make a rectangle of one channel within the size fields."""
    require(
        flat_image(*image_shape(tensor.shape)) is not None,
        f"the {tensor.size} values of {tensor.name} do not make a rectangle that the NPU's size fields hold",
    )
