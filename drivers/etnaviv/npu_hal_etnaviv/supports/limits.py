"""How large things may be: what the fields of the configs hold."""

from typing import Final

from npu_hal_etnaviv.hardware.nn_config import KERNEL_Z_SIZE, NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG
from npu_hal_etnaviv.weights.quantised_multiplier import MAXIMUM_SHIFT, SHIFT_BIAS

LARGEST_SIDE: Final = NN_CONFIG.field("in_image_x_size").maximum
"""Width and height of an NN job's images, before pooling."""

MOST_CHANNELS: Final = NN_CONFIG.field("out_image_z_size").maximum
"""Channels of an NN job's images."""

LARGEST_WINDOW_END: Final = TP_CONFIG.field("in_window_x_end").maximum
"""Position that a TP job can end at, padding included."""

LARGEST_TP_SIDE: Final = LARGEST_WINDOW_END + 1
"""Each dimension of a TP job's image."""

MOST_VALUES: Final = 1 << 25
"""Of one tensor: more than any known model has, and two of them (operands of a sum) are what emulated NPUs take."""

MOST_KERNEL_FIELD: Final = NN_CONFIG.field("kernel_xy_size").maximum

MOST_DIAGONAL_WEIGHTS: Final = 1 << 26
"""Weights of a depthwise convolution as a dense one (heuristic: more take longer than a CPU needs)."""

_BIAS_OF_FLOAT32: Final = 127


def most_input_channels(core: NpuCore) -> int:
    """Input channels of an NN job."""
    return min(core.maximum_kernel_z, (1 << KERNEL_Z_SIZE.width) - 1)


def largest_kernel(core: NpuCore) -> tuple[int, int]:
    """Rows and columns of an NN job's kernel."""
    return min(core.maximum_kernel_y, MOST_KERNEL_FIELD), min(core.maximum_kernel_x, MOST_KERNEL_FIELD)


def most_padding(core: NpuCore) -> int:
    """Rows or columns before an NN job's image that its outputs can read."""
    return int(1 << (core.image_offset_bits - 1))


def rescale_range(core: NpuCore) -> tuple[float, float]:
    """The smallest factor from accumulator to output, and the one that all are less than."""
    exponent = SHIFT_BIAS[core.generation] - _BIAS_OF_FLOAT32
    return 2.0 ** max(exponent - MAXIMUM_SHIFT, 1 - _BIAS_OF_FLOAT32), 2.0 ** (exponent + 1)
