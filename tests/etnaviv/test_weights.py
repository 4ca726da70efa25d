from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal_etnaviv.hardware.nn_config import POST_MULTIPLIER, POST_SHIFT
from npu_hal_etnaviv.weights.add_as_convolution import addition_scales, v8_addition_weights
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise
from npu_hal_etnaviv.weights.pointwise_single_channel import widen_pointwise_single_channel
from npu_hal_etnaviv.weights.quantised_multiplier import float32_product_scale, quantised_multiplier
from npu_hal_etnaviv.weights.space_to_depth_weights import space_to_depth_weights
from npu_hal_etnaviv.weights.zero_point_folding import fold_input_zero_point

from .golden_weights import CHIPS, golden_jobs, golden_names

ZERO_POINT = 7


def float32_of(word: int) -> float:
    return float(np.array([word], np.uint32).view(np.float32)[0])


@pytest.mark.parametrize("chip", CHIPS)
def test_multipliers_are_the_goldens(shared: Path, chip: str) -> None:
    failed = []
    for name in golden_names(shared, chip):
        for job in golden_jobs(shared, chip, name):
            facts = job.facts
            if facts["addition"]:
                first, second = job.operation.input_scales
                weight_scale = float(addition_scales(first, 0, second, 0).weight_scale)
            else:
                weight_scale = float32_of(facts["weight_scale_bits"])
            scale = float32_product_scale(
                float32_of(facts["in_scale_bits"]), weight_scale, float32_of(facts["out_scale_bits"])
            )
            ours = quantised_multiplier(scale, job.generation)
            stored = (POST_MULTIPLIER[job.generation].join(job.config), POST_SHIFT.join(job.config))
            if (ours.multiplier, ours.shift) != stored:
                failed.append((name, job.name, ours, stored))
    assert failed == []


@given(scale=st.floats(2**-30, 2, width=32, exclude_max=True))
def test_multipliers_are_close_to_the_scale(scale: float) -> None:
    assert quantised_multiplier(scale, 8).value == scale
    assert 0 <= scale - quantised_multiplier(scale, 7).value < scale * 2**-15


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 2.0**17])
def test_scales_without_a_multiplier_are_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="not representable"):
        quantised_multiplier(scale, 7)


def convolve(image: npt.NDArray[np.int64], kernels: npt.NDArray[np.int64], stride: int) -> npt.NDArray[np.int64]:
    """Plain convolution: image [C][H][W], kernels [OC][C][KH][KW], only where the kernel fits."""
    height, width = kernels.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(1, 2))
    result: npt.NDArray[np.int64] = np.einsum("cyxhw,ochw->oyx", windows[:, ::stride, ::stride], kernels)
    return result


@given(
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    channels=st.integers(1, 3),
    size=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    seed=st.integers(0, 2**32 - 1),
)
def test_stride_two_is_stride_one_after_space_to_depth(
    kernel: tuple[int, int], channels: int, size: tuple[int, int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    weights = random.integers(0, 256, (2, channels, *kernel), np.uint8)
    image = random.integers(0, 256, (channels, 2 * size[0], 2 * size[1]))
    blocks = image.reshape(channels, size[0], 2, size[1], 2).transpose(0, 2, 4, 1, 3)
    rewritten = space_to_depth_weights(weights, ZERO_POINT)
    expected = convolve(image, weights.astype(np.int64) - ZERO_POINT, 2)
    result = convolve(blocks.reshape(-1, *size), rewritten.astype(np.int64) - ZERO_POINT, 1)
    assert np.array_equal(result[:, : expected.shape[1], : expected.shape[2]], expected)


def test_dense_depthwise_kernels_read_their_own_channel() -> None:
    random = np.random.default_rng(3)
    weights = random.integers(0, 256, (4, 3, 3), np.uint8)
    image = random.integers(0, 256, (4, 6, 6))
    dense = convolve(image, dense_depthwise(weights, ZERO_POINT).astype(np.int64) - ZERO_POINT, 1)
    for channel in range(4):
        own = weights[channel][None, None].astype(np.int64) - ZERO_POINT
        assert np.array_equal(dense[channel], convolve(image[channel : channel + 1], own, 1)[0])


def test_widened_pointwise_kernels_have_one_tap() -> None:
    widened = widen_pointwise_single_channel(np.array([[[[5]]], [[[9]]]], np.uint8), ZERO_POINT)
    assert widened.tolist() == [[[[5, 7], [7, 7]]], [[[9, 7], [7, 7]]]]


@pytest.mark.parametrize(("generation", "centre"), [(7, 0), (8, 128)])
def test_folded_biases_give_the_same_sums(generation: int, centre: int) -> None:
    random = np.random.default_rng(4)
    weights = random.integers(0, 256, (3, 2, 3, 3), np.uint8)
    biases = random.integers(-1000, 1000, 3).astype(np.int32)
    image = random.integers(0, 256, (2, 3, 3))
    significant = weights.astype(np.int64) - ZERO_POINT
    expected = convolve(image - 31, significant, 1)[:, 0, 0] + biases
    folded = fold_input_zero_point(biases, weights, ZERO_POINT, 31, generation)
    assert (convolve(image - centre, significant, 1)[:, 0, 0] + folded).tolist() == expected.tolist()


def test_folded_biases_wrap_at_32_bits() -> None:
    weights = np.full((1, 1, 1, 1), 255, np.uint8)
    folded = fold_input_zero_point(np.array([-(2**31)], np.int32), weights, 0, 1, 7)
    assert folded.tolist() == [2**31 - 255]


@given(ratio=st.floats(0.01, 100), first=st.integers(0, 255), second=st.integers(0, 255))
def test_additions_weigh_their_operands_by_scale(ratio: float, first: int, second: int) -> None:
    scales = addition_scales(0.5, first, 0.5 * ratio, second)
    assert 0 <= scales.first_weight <= 255
    assert 0 <= scales.second_weight <= 255
    assert max(scales.first_weight, scales.second_weight) == 255
    assert scales.second_weight * float(scales.weight_scale) == pytest.approx(
        ratio, abs=0.51 * float(scales.weight_scale)
    )
    assert scales.bias * float(scales.weight_scale) == pytest.approx(
        (first - second) * ratio, rel=1e-5, abs=0.51 * float(scales.weight_scale)
    )


def test_additions_read_both_operands() -> None:
    weights = v8_addition_weights(addition_scales(0.5, 0, 0.1, 0), 2)[:, :, 0, 0]
    assert weights.tolist() == [[255, 0, 51, 0], [0, 255, 0, 51]]
