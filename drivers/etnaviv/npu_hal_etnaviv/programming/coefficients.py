"""The coefficient buffer of an NN job, in the code of its core's generation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.coefficients.huffman_stream import HuffmanLayout, encode_huffman_stream
from npu_hal_etnaviv.coefficients.zero_run_layout import ZeroRunLayout, weight_order
from npu_hal_etnaviv.coefficients.zero_run_stream import encode_zero_run_stream
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob
from npu_hal_etnaviv.weights.zero_point_folding import fold_input_zero_point


@dataclass(frozen=True, slots=True)
class Coefficients:
    """An encoded buffer: its bytes, uint8 [n], and how many of them on-chip memory would hold to cache it."""

    data: NDArray[np.uint8]
    cached_bytes: int


def encode_coefficients(job: NNJob, core: NpuCore, superblock_kernels: int) -> Coefficients:
    """Weights and biases as the NN cores read them."""
    biases = fold_input_zero_point(job.bias, job.weights, job.weight_zero_point, job.input_zero_point, core.generation)
    if core.generation == 8:
        return _huffman(job, core, superblock_kernels, biases)
    return _zero_runs(job, core, superblock_kernels, biases)


def _huffman(job: NNJob, core: NpuCore, superblock_kernels: int, biases: NDArray[np.int32]) -> Coefficients:
    is_depthwise = job.form is KernelForm.DEPTHWISE
    layout = HuffmanLayout(
        output_channels=job.output_size.channels,
        input_channels=1 if is_depthwise else job.input_size.channels,
        kernel_height=job.kernel_height,
        kernel_width=job.kernel_width,
        cores=core.nn_core_count,
        superblock_kernels=superblock_kernels,
        depthwise=is_depthwise,
    )
    encoded = encode_huffman_stream(layout, job.weights, biases, job.weight_zero_point)
    return Coefficients(encoded.data, encoded.data.size)


def _zero_runs(job: NNJob, core: NpuCore, superblock_kernels: int, biases: NDArray[np.int32]) -> Coefficients:
    layout = ZeroRunLayout(
        output_channels=job.output_size.channels,
        input_channels=job.input_size.channels,
        kernel_height=job.kernel_height,
        kernel_width=job.kernel_width,
        cores=core.nn_core_count,
        superblock_kernels=superblock_kernels,
        order=weight_order(job.input_size.channels, job.kernel_height, job.kernel_width),
    )
    encoded = encode_zero_run_stream(
        layout,
        job.weights,
        biases,
        job.weight_zero_point,
        job.output_size.width * job.output_size.height,
        core.zero_run_bits,
        depthwise=job.form is KernelForm.DIAGONAL,
    )
    return Coefficients(encoded.data, max(encoded.stream_bytes) * layout.cores_used)
