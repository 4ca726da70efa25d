"""The model of how long jobs take."""

import re

import numpy as np
import pytest

from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named, npu_cores
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob, Role, Size
from npu_hal_etnaviv.timing_model import (
    assumptions,
    multiply_accumulates,
    nn_seconds,
    rates_of,
    transfer_seconds,
)

A311D = npu_core_named("a311d")


def job(outputs: int, zeros: int = 0, first_pixel: bool = False) -> NNJob:
    """A pointwise convolution of 64 channels of 10x10, with some weights at the zero point."""
    weights = np.full((outputs, 64, 1, 1), 7, np.uint8)
    weights.reshape(-1)[:zeros] = 128
    return NNJob(
        label="a job",
        role=Role.CONVOLUTION,
        input=Image("x", 10, 10, 64, PLANAR, 0, 1.0),
        output=Image("y", 10, 10, outputs, PLANAR, 0, 1.0),
        input_size=Size(10, 10, 64),
        output_size=Size(10, 10, outputs),
        form=KernelForm.DENSE,
        weights=weights,
        weight_zero_point=128,
        bias=np.zeros(outputs, np.int32),
        rescale=1.0,
        input_zero_point=0,
        output_zero_point=0,
        first_pixel=first_pixel,
    )


def test_products_with_zero_are_left_out() -> None:
    assert multiply_accumulates(job(8)) == 8 * 64 * 100
    assert multiply_accumulates(job(8, zeros=100)) == (8 * 64 - 100) * 100


def test_pooled_jobs_compute_what_they_do_not_keep() -> None:
    assert multiply_accumulates(job(8, first_pixel=True)) == 4 * 8 * 64 * 100


def test_all_cores_at_work_take_the_products_at_their_rate() -> None:
    # 8 cores x 64 products a cycle at 800 MHz.
    assert nn_seconds(job(8), 0, A311D) == pytest.approx(8 * 64 * 100 / (8 * 64) / 800e6)


def test_output_channels_that_do_not_fill_the_cores_leave_some_idle() -> None:
    assert nn_seconds(job(1), 0, A311D) == pytest.approx(nn_seconds(job(8), 0, A311D))
    assert nn_seconds(job(9), 0, A311D) == pytest.approx(2 * nn_seconds(job(8), 0, A311D))


def test_memory_bounds_what_has_little_to_compute() -> None:
    seconds = transfer_seconds(10_000_000, A311D)
    assert seconds == pytest.approx(10_000_000 / 6.4e9)
    assert nn_seconds(job(8), 10_000_000, A311D) == seconds


@pytest.mark.parametrize("core", npu_cores(), ids=lambda core: core.name)
def test_the_words_state_the_numbers(core: NpuCore) -> None:
    words = assumptions(core)
    rates = rates_of(core)
    found = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", words)]
    expected = [core.nn_core_count, core.nn_mad_per_core, rates.clock / 1e6, rates.bandwidth / 1e9]
    assert found == pytest.approx(expected)
    assert "assumed" in words
