"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from npu_hal.api import AveragePool2D, MaxPool2D, resolve_padding
from npu_hal_software.jit.lowering.activation_range import stored_range
from npu_hal_software.jit.program import Program, moved, position_chunks, stored_offset
from npu_hal_software.jit.record import POOL
from npu_hal_software.jit.requantise import Rounding

# Sums of bytes beyond 2**24 are not exact in the float quotient of the pooling kernel.
_LARGEST_WINDOW = (1 << 16) - 1


def lower_pool(program: Program, operation: AveragePool2D | MaxPool2D) -> bool:
    """Images of a batch one after the other."""
    if operation.filter_height * operation.filter_width > _LARGEST_WINDOW:
        return False
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    batch, height, width, channels = input_.shape
    _, output_height, output_width, _ = output.shape
    padding = resolve_padding(operation.padding, (height, width), operation.filter_hw, operation.strides)
    rounding: Rounding = program.rounding if _xnnpack_pools(operation) else "exact"
    low, high = stored_range(output, operation.activation, rounding)
    source, target = program.stored(operation.input), program.output(operation.output)
    for number in range(batch):
        work = output_height * output_width * channels * operation.filter_height * operation.filter_width
        program.emit(
            POOL,
            position_chunks(program, work // 16, output_height),
            low=low,
            high=high,
            input=moved(source, number * height * width * channels),
            input_row_step=width * channels,
            channels=channels,
            height=height,
            width=width,
            output=moved(target, number * output_height * output_width * channels),
            output_height=output_height,
            output_width=output_width,
            filter_height=operation.filter_height,
            filter_width=operation.filter_width,
            stride_height=operation.stride_height,
            stride_width=operation.stride_width,
            pad_top=padding.top,
            pad_left=padding.left,
            maximum=int(isinstance(operation, MaxPool2D)),
            offset=stored_offset(input_),
        )
    return True


def _xnnpack_pools(operation: AveragePool2D | MaxPool2D) -> bool:
    """Whether TensorFlow Lite hands an 8-bit pool to XNNPACK: the largest of windows without gaps between them."""
    overlap = operation.stride_height <= operation.filter_height and operation.stride_width <= operation.filter_width
    return isinstance(operation, MaxPool2D) and overlap
