"""NN jobs as Mesa makes them (hardware note, sections 3 to 5)."""

import numpy as np

from npu_hal.api import Activation, Add, Conv2D, DepthwiseConv2D, DType, FullyConnected, Graph, Padding
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.tiling import addition_image
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Role, Size
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.lowering.weighted_sum import bias_values, rescale
from npu_hal_etnaviv.mesa_compatibility.job import MesaJob
from npu_hal_etnaviv.mesa_compatibility.padding_offset import padding_offset
from npu_hal_etnaviv.mesa_compatibility.rearranging import pools, reads_rearranged, rearranged_size, rewrites_weights
from npu_hal_etnaviv.mesa_compatibility.weights import rewritten_weights, weight_bytes
from npu_hal_etnaviv.weights.add_as_convolution import addition_scales, v7_addition_weights, v8_addition_weights
from npu_hal_etnaviv.weights.quantised_multiplier import float32_product_scale

LARGEST_KERNEL_SIDE = 15


def convolution_job(
    operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore, source: Image, target: Image
) -> MesaJob:
    """A convolution. If the input is wider than high, x and y are what they should be; else they are swapped."""
    is_depthwise = isinstance(operation, DepthwiseConv2D)
    pooled = pools(operation, graph, core)
    filter_tensor = graph.tensors[operation.filter]
    weights, form = rewritten_weights(
        filter_tensor,
        core,
        is_depthwise=is_depthwise,
        rewrite_stride=rewrites_weights(operation, graph, core),
    )
    rows, columns = source.height, source.width
    if rewrites_weights(operation, graph, core) and not reads_rearranged(operation, graph, core):
        rows, columns = rearranged_size(operation, graph)
    output_rows, output_columns = target.height, target.width
    factor = 2 if pooled else 1
    offset = padding_offset(
        same=operation.padding is Padding.SAME,
        kernel=weights.shape[2],
        stride=operation.stride_height,
        image=rows,
        is_depthwise=is_depthwise,
    )
    quantization = unsigned_quantization(filter_tensor)
    channels = weights.shape[0] if form is not KernelForm.DENSE else weights.shape[1]
    return MesaJob(
        label=target.name,
        role=Role.CONVOLUTION,
        input=source,
        output=target,
        input_size=Size(*_longer_first(columns, rows, swap=rows > columns), channels),
        output_size=Size(
            *_longer_first(output_columns, output_rows, swap=rows > columns), graph.tensors[operation.output].shape[3]
        ),
        form=form,
        weights=weights,
        weight_zero_point=quantization.zero_point,
        bias=bias_values(graph, operation.bias, len(weights)),
        rescale=rescale(graph, operation.input, operation.filter, operation.output),
        input_zero_point=source.zero_point,
        output_zero_point=target.zero_point,
        y_offset=offset,
        x_offset=offset,
        relu=operation.activation is not Activation.NONE,
        first_pixel=pooled,
        stride=operation.stride_height,
        coded_weights=weights,
        input_rows=rows,
        kernel_rows=weights.shape[2],
        image=Size(factor * output_rows, factor * output_columns, len(weights)),
        is_depthwise=is_depthwise,
        weights_are_signed=filter_tensor.dtype is DType.INT8,
    )


def _longer_first(columns: int, rows: int, *, swap: bool) -> tuple[int, int]:
    return (rows, columns) if swap else (columns, rows)


def fully_connected_job(
    operation: FullyConnected, graph: Graph, core: NpuCore, source: Image, target: Image
) -> MesaJob:
    """One kernel that covers an input folded to an image of sides up to 15."""
    weights_tensor = graph.tensors[operation.weights]
    outputs, depth = weights_tensor.shape
    width = _largest_divisor(depth)
    height = _largest_divisor(depth // width)
    weights = weight_bytes(weights_tensor, core)
    return MesaJob(
        label=target.name,
        role=Role.CONVOLUTION,
        input=source,
        output=target,
        input_size=Size(width, height, depth // (width * height)),
        output_size=Size(1, 1, outputs),
        form=KernelForm.DENSE,
        weights=weights.reshape(outputs, -1, height, width),
        weight_zero_point=unsigned_quantization(weights_tensor).zero_point,
        bias=bias_values(graph, operation.bias, outputs),
        rescale=rescale(graph, operation.input, operation.weights, operation.output),
        input_zero_point=source.zero_point,
        output_zero_point=target.zero_point,
        relu=operation.activation is not Activation.NONE,
        coded_weights=weights.reshape(outputs, 1, 1, depth),
        input_rows=depth,
        kernel_rows=depth,
        image=Size(1, 1, outputs),
        is_fully_connected=True,
        weights_are_signed=weights_tensor.dtype is DType.INT8,
    )


def _largest_divisor(number: int) -> int:
    return next(side for side in range(LARGEST_KERNEL_SIDE, 0, -1) if number % side == 0)


def addition_job(operation: Add, graph: Graph, core: NpuCore, both: Image, target: Image) -> MesaJob:
    """A sum of two channels on V7, of 2 C channels on V8; tiles are those of the folded image on both."""
    tensors = graph.tensors
    first, second = tensors[operation.lhs].affine(), tensors[operation.rhs].affine()
    scales = addition_scales(first.scale, first.zero_point, second.scale, second.zero_point)
    width, height = addition_image(target.height, target.width, target.channels)
    input_zero_point = unsigned_quantization(tensors[operation.lhs]).zero_point
    rows, columns, channels = target.height, target.width, target.channels
    bias = scales.bias
    if core.generation == 7:
        weights = v7_addition_weights(scales)
        x, y = max(width, height), min(width, height)
        input_size, output_size = Size(x, y, 2), Size(x, y, 1)
        # Mesa folds the model's zero point, cut to 8 bits, where the config has the unsigned one.
        weight_sum = scales.first_weight + scales.second_weight
        bias += (input_zero_point - (first.zero_point & 0xFF)) * weight_sum
    else:
        weights = v8_addition_weights(scales, channels)
        x, y = _longer_first(columns, rows, swap=rows > columns)
        input_size, output_size = Size(x, y, 2 * channels), Size(x, y, channels)
    return MesaJob(
        label=target.name,
        role=Role.CONVOLUTION,
        input=both,
        output=target,
        input_size=input_size,
        output_size=output_size,
        form=KernelForm.DENSE,
        weights=weights,
        weight_zero_point=0,
        bias=np.full(len(weights), bias, np.int32),
        rescale=float(float32_product_scale(first.scale, float(scales.weight_scale), target.scale)),
        input_zero_point=input_zero_point,
        output_zero_point=target.zero_point,
        relu=operation.activation is not Activation.NONE,
        coded_weights=weights,
        input_rows=rows,
        kernel_rows=weights.shape[2],
        image=Size(width, height, len(weights)),
        is_addition=True,
    )
