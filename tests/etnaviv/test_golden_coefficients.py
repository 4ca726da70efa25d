"""Every golden coefficient buffer, encoded anew from the model's weights, and decoded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.encoded_coefficients import EncodedCoefficients
from npu_hal_etnaviv.coefficients.huffman_stream import (
    HuffmanLayout,
    decode_huffman_stream,
    encode_huffman_stream,
)
from npu_hal_etnaviv.coefficients.zero_run_layout import ZeroRunLayout, mesa_weight_order, weight_order
from npu_hal_etnaviv.coefficients.zero_run_stream import decode_zero_run_stream, encode_zero_run_stream
from npu_hal_etnaviv.hardware.npu_core import npu_core_named
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise

from .golden_weights import CHIPS, GoldenJob, JobWeights, golden_jobs, golden_names, job_weights, same_as_golden

DEVIATIONS = {
    ("a311d", "g_dw_28x28_k3_i20_o20_s1_same"): "20 channels on 8 cores: what Mesa reads beyond its weights "
    "is not zero here; the goldens' README takes this job out of the comparison",
}

LARGEST_DECODED = 200_000
"""Weights of the largest job that the golden tests decode, for the time that it takes."""

Decoded = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]


def zero_run_layout(job: GoldenJob, job_data: JobWeights) -> ZeroRunLayout:
    outputs, inputs, height, width = job_data.shape
    order = mesa_weight_order(
        weight_order(inputs, height, width),
        job.facts["in_whc"][0],
        depthwise=job.depthwise,
        fully_connected=bool(job.facts["fully_connected"]),
    )
    return ZeroRunLayout(
        outputs,
        inputs,
        height,
        width,
        npu_core_named(job.chip).nn_core_count,
        job.config["kernels_per_core"],
        order,
    )


def huffman_layout(job: GoldenJob, job_data: JobWeights) -> HuffmanLayout:
    outputs, inputs, height, width = job_data.shape
    depthwise = bool(job.config["depthwise"])
    cores = npu_core_named(job.chip).nn_core_count
    kernels = job.config["kernels_per_core"]
    return HuffmanLayout(outputs, 1 if depthwise else inputs, height, width, cores, kernels, depthwise)


def encode(job: GoldenJob, job_data: JobWeights, compatibility: Compatibility) -> EncodedCoefficients:
    zero_point = job.config["coef_zero_point"]
    if job.generation == 8:
        layout = huffman_layout(job, job_data)
        return encode_huffman_stream(
            layout,
            job_data.weights,
            job_data.biases,
            zero_point,
            compatibility,
            signed=job.operation.signed,
        )
    height, width, _ = job.facts["out_whc"]
    return encode_zero_run_stream(
        zero_run_layout(job, job_data),
        job_data.weights,
        job_data.biases,
        zero_point,
        1 if job.facts["fully_connected"] else height * width,
        npu_core_named(job.chip).zero_run_bits,
        compatibility,
        depthwise=job_data.depthwise,
        addition=bool(job.facts["addition"]),
        past_bias=job.facts["in_zp"] * zero_point * int(np.prod(job_data.shape[1:])),
    )


def decode(job: GoldenJob, job_data: JobWeights, data: npt.NDArray[np.uint8]) -> Decoded:
    zero_point = job.config["coef_zero_point"]
    if job.generation == 8:
        huffman = decode_huffman_stream(data, huffman_layout(job, job_data), zero_point)
        return huffman.weights, huffman.biases
    zero_run = decode_zero_run_stream(data, zero_run_layout(job, job_data), zero_point)
    height, width, _ = job.facts["out_whc"]
    plane = 1 if job.facts["fully_connected"] else height * width
    assert zero_run.output_offsets.tolist() == [plane * c for c in range(job_data.shape[0])]
    return zero_run.weights, zero_run.biases


def stored_weights(job: GoldenJob, job_data: JobWeights) -> npt.NDArray[np.uint8]:
    if job_data.depthwise and job.generation == 7:
        return dense_depthwise(job_data.weights[:, 0], job.config["coef_zero_point"])
    return job_data.weights


def failures(
    shared: Path, chip: str, check: Callable[[GoldenJob, JobWeights], bool]
) -> tuple[set[tuple[str, str]], int]:
    """The models with a job for which the check is false, and the number of jobs checked."""
    failed, count = set(), 0
    for name in golden_names(shared, chip):
        for job in golden_jobs(shared, chip, name):
            count += 1
            if not check(job, job_weights(job)):
                failed.add((chip, name))
    return failed, count


@pytest.mark.parametrize("chip", CHIPS)
def test_mesa_streams_are_the_goldens(shared: Path, chip: str) -> None:
    def same(job: GoldenJob, job_data: JobWeights) -> bool:
        return same_as_golden(job, encode(job, job_data, Compatibility.MESA).data)

    failed, count = failures(shared, chip, same)
    assert failed == {key for key in DEVIATIONS if key[0] == chip}
    assert count == 278


@pytest.mark.parametrize("chip", CHIPS)
def test_smallest_streams_are_never_larger(shared: Path, chip: str) -> None:
    def not_larger(job: GoldenJob, job_data: JobWeights) -> bool:
        smallest, mesa = (len(encode(job, job_data, kind).data) for kind in Compatibility)
        return smallest <= mesa

    failed, _ = failures(shared, chip, not_larger)
    assert failed == set()


@pytest.mark.parametrize("chip", CHIPS)
def test_golden_streams_decode_to_the_models_weights(shared: Path, chip: str) -> None:
    decoded = 0

    def same(job: GoldenJob, job_data: JobWeights) -> bool:
        nonlocal decoded
        if job.coefficients is None or job_data.weights.size > LARGEST_DECODED:
            return True
        decoded += 1
        weights, biases = decode(job, job_data, job.coefficients)
        return np.array_equal(weights.reshape(-1), stored_weights(job, job_data).reshape(-1)) and np.array_equal(
            biases, job_data.biases
        )

    failed, _ = failures(shared, chip, same)
    assert failed == set()
    assert decoded > 150
