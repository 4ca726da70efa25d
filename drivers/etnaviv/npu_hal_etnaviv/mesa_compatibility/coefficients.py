"""Coefficient buffers with Mesa's bytes."""

import numpy as np

from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.huffman_stream import HuffmanLayout, encode_huffman_stream
from npu_hal_etnaviv.coefficients.zero_run_layout import ZeroRunLayout, mesa_weight_order, weight_order
from npu_hal_etnaviv.coefficients.zero_run_stream import encode_zero_run_stream
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.mesa_compatibility.job import MesaJob
from npu_hal_etnaviv.programming.coefficients import Coefficients
from npu_hal_etnaviv.weights.zero_point_folding import fold_input_zero_point


def encode_as_mesa(job: MesaJob, core: NpuCore, superblock_kernels: int) -> Coefficients:
    """The buffer that Mesa writes for a job."""
    weights = job.coded_weights
    outputs, inputs, height, width = weights.shape
    biases = fold_input_zero_point(job.bias, weights, job.weight_zero_point, job.input_zero_point, core.generation)
    if core.generation == 8:
        is_depthwise = job.form is KernelForm.DEPTHWISE
        huffman = HuffmanLayout(outputs, inputs, height, width, core.nn_core_count, superblock_kernels, is_depthwise)
        encoded = encode_huffman_stream(
            huffman, weights, biases, job.weight_zero_point, Compatibility.MESA, signed=job.weights_are_signed
        )
        return Coefficients(encoded.data, encoded.data.size)
    is_diagonal = job.form is KernelForm.DIAGONAL
    inputs = outputs if is_diagonal else inputs
    order = mesa_weight_order(
        weight_order(inputs, height, width),
        job.input_rows,
        depthwise=job.is_depthwise,
        fully_connected=job.is_fully_connected,
    )
    layout = ZeroRunLayout(outputs, inputs, height, width, core.nn_core_count, superblock_kernels, order)
    encoded = encode_zero_run_stream(
        layout,
        weights,
        biases,
        job.weight_zero_point,
        job.output_size.width * job.output_size.height,
        core.zero_run_bits,
        Compatibility.MESA,
        depthwise=is_diagonal,
        addition=job.is_addition,
        past_bias=job.input_zero_point * job.weight_zero_point * int(np.prod((inputs, height, width))),
    )
    return Coefficients(encoded.data, max(encoded.stream_bytes) * layout.cores_used)
