"""Kernels, strides and padding that an NN job, or a TP job before it, can do."""

from npu_hal.api import Tensor
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.channel_blocks import BLOCK_CHANNELS
from npu_hal_etnaviv.lowering.first_pixel_pooling import prefers_first_pixel
from npu_hal_etnaviv.supports.limits import (
    LARGEST_SIDE,
    LARGEST_WINDOW_END,
    MOST_CHANNELS,
    MOST_DIAGONAL_WEIGHTS,
    largest_kernel,
    most_input_channels,
    most_padding,
)
from npu_hal_etnaviv.supports.refusal import require


def check_window(
    core: NpuCore,
    *,
    kernel: tuple[int, int],
    stride: int,
    before: tuple[int, int],
    source: Tensor,
    target: Tensor,
    is_depthwise: bool,
) -> None:
    """A convolution of these images ([1, H, W, C]); kernel, and padding before the image, as (height, width)."""
    channels = source.shape[3]
    is_depthwise = is_depthwise and channels > 1
    is_diagonal = is_depthwise and not core.has_native_depthwise
    first_pixel = prefers_first_pixel(
        core,
        stride=stride,
        is_depthwise=is_depthwise,
        is_pointwise=kernel == (1, 1),
        smallest_side=min(source.shape[1:3]),
    )
    rearranged = stride == 2 and not first_pixel
    check_kernel(core, kernel, rearranged=rearranged)
    if rearranged:
        _check_rearranging(core, kernel, before, source, target)
    else:
        require(
            max(before) <= most_padding(core),
            f"it has {max(before)} rows or columns of padding before the image, and the NPU takes {most_padding(core)}",
        )
        require(channels <= most_input_channels(core), f"its input has {channels} channels, which is too many")
    if first_pixel:
        require(
            2 * max(target.shape[1:3]) <= LARGEST_SIDE,
            f"its output is {target.shape[1]}x{target.shape[2]}, and with stride 2 the NPU takes sides of at most "
            f"{LARGEST_SIDE // 2}",
        )
    if is_diagonal:
        weights = channels * min(channels, BLOCK_CHANNELS) * kernel[0] * kernel[1] * (4 if rearranged else 1)
        require(
            weights <= MOST_DIAGONAL_WEIGHTS,
            f"this NPU would need {weights} weights for a depthwise convolution of {channels} channels",
        )


def check_kernel(core: NpuCore, kernel: tuple[int, int], *, rearranged: bool = False) -> None:
    """Rows and columns that the kernel fields hold, of half the kernel if the input is rearranged for stride 2."""
    factor = 2 if rearranged else 1
    rows, columns = largest_kernel(core)
    require(
        kernel[0] <= factor * rows and kernel[1] <= factor * columns,
        f"its kernel is {kernel[0]}x{kernel[1]}, and the NPU takes at most {factor * rows}x{factor * columns} here",
    )


def _check_rearranging(
    core: NpuCore, kernel: tuple[int, int], before: tuple[int, int], source: Tensor, target: Tensor
) -> None:
    sides = [size + -(-taps // 2) - 1 for size, taps in zip(target.shape[1:3], kernel, strict=True)]
    require(
        max(sides) <= LARGEST_SIDE and 2 * max(sides) <= LARGEST_WINDOW_END and max(before) <= LARGEST_WINDOW_END,
        f"its input of {source.shape[1]}x{source.shape[2]} is too large to be rearranged for stride 2",
    )
    channels = 4 * source.shape[3]
    limit = min(most_input_channels(core), MOST_CHANNELS)
    require(channels <= limit, f"stride 2 needs {channels} channels of a rearranged input, and the NPU takes {limit}")
