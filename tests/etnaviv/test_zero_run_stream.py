from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError
from npu_hal_etnaviv.coefficients.zero_run_layout import (
    WeightOrder,
    ZeroRunLayout,
    tap_order,
    weight_order,
)
from npu_hal_etnaviv.coefficients.zero_run_stream import decode_zero_run_stream, encode_zero_run_stream
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_cores
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise

V7_CORES = [core for core in npu_cores() if core.generation == 7]


def sparse_weights(seed: int, shape: tuple[int, ...], zero_point: int, density: float) -> npt.NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    values = random.integers(0, 256, shape, np.uint8)
    return np.where(random.random(shape) < density, values, np.uint8(zero_point))


def some_biases(seed: int, count: int) -> npt.NDArray[np.int32]:
    return np.random.default_rng(seed).integers(-(2**31), 2**31, count).astype(np.int32)


layouts = st.builds(
    lambda core, oc, ic, height, width, blocks, linear: (
        core,
        ZeroRunLayout(
            oc,
            ic,
            height,
            width,
            core.nn_core_count,
            min(blocks, -(-oc // min(core.nn_core_count, oc))),
            WeightOrder.LINEAR if linear else weight_order(ic, height, width),
        ),
    ),
    st.sampled_from(V7_CORES),
    st.integers(1, 40),
    st.integers(1, 20),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 8),
    st.booleans(),
)


@settings(max_examples=150)
@given(
    core_and_layout=layouts,
    seed=st.integers(0, 2**32 - 1),
    zero_point=st.integers(0, 255),
    density=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    compatibility=st.sampled_from(Compatibility),
)
def test_decoding_inverts_encoding(
    core_and_layout: tuple[NpuCore, ZeroRunLayout],
    seed: int,
    zero_point: int,
    density: float,
    compatibility: Compatibility,
) -> None:
    core, layout = core_and_layout
    shape = (layout.output_channels, layout.input_channels, layout.kernel_height, layout.kernel_width)
    weights = sparse_weights(seed, shape, zero_point, density)
    biases = some_biases(seed, layout.output_channels)
    encoded = encode_zero_run_stream(layout, weights, biases, zero_point, 49, core.zero_run_bits, compatibility)
    decoded = decode_zero_run_stream(encoded.data, layout, zero_point)
    assert np.array_equal(decoded.weights, weights)
    assert np.array_equal(decoded.biases, biases)
    assert decoded.output_offsets.tolist() == [49 * c for c in range(layout.output_channels)]
    assert max(decoded.zero_run_bits) <= core.zero_run_bits
    assert len(encoded.data) == 64 + sum(encoded.stream_bytes)
    assert all(size % 64 == 0 for size in encoded.stream_bytes)
    other = [
        len(encode_zero_run_stream(layout, weights, biases, zero_point, 49, core.zero_run_bits, kind).data)
        for kind in (Compatibility.SMALLEST, Compatibility.MESA)
    ]
    assert other[0] <= other[1]


@settings(max_examples=40)
@given(
    channels=st.integers(2, 40),
    kernel=st.integers(1, 5),
    blocks=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
    zero_point=st.integers(0, 255),
    density=st.sampled_from([0.0, 0.5, 1.0]),
    compatibility=st.sampled_from(Compatibility),
)
def test_depthwise_is_coded_as_its_dense_kernels(
    channels: int,
    kernel: int,
    blocks: int,
    seed: int,
    zero_point: int,
    density: float,
    compatibility: Compatibility,
) -> None:
    layout = ZeroRunLayout(channels, channels, kernel, kernel, 8, blocks, weight_order(channels, kernel, kernel))
    weights = sparse_weights(seed, (channels, kernel, kernel), zero_point, density)
    biases = some_biases(seed, channels)
    short = encode_zero_run_stream(layout, weights[:, None], biases, zero_point, 9, 5, compatibility, depthwise=True)
    dense = dense_depthwise(weights, zero_point)
    full = encode_zero_run_stream(layout, dense, biases, zero_point, 9, 5, compatibility)
    assert np.array_equal(short.data, full.data)


def test_taps_of_wide_kernels_are_sent_in_split_strips() -> None:
    assert tap_order(5, 5).tolist() == [
        *(0, 1, 2, 5, 6, 7, 3, 4, 8, 9),
        *(10, 11, 12, 15, 16, 17, 13, 14, 18, 19),
        *(20, 21, 22, 23, 24),
    ]
    assert tap_order(3, 3).tolist() == list(range(9))
    assert tap_order(5, 5, split=False).tolist() == list(range(25))


def test_kernels_past_the_last_channel_are_zero_points() -> None:
    layout = ZeroRunLayout(9, 2, 3, 3, 8, 2, WeightOrder.INTERLEAVED)
    weights = np.full((9, 2, 3, 3), 77, np.uint8)
    encoded = encode_zero_run_stream(layout, weights, np.zeros(9, np.int32), 3, 4, 5)
    all_channels = replace(layout, output_channels=16)
    decoded = decode_zero_run_stream(encoded.data, all_channels, 3)
    assert (decoded.weights[9:] == 3).all()
    assert not decoded.biases[9:].any()


def encoded_sample(zero_run_bits: int) -> tuple[ZeroRunLayout, npt.NDArray[np.uint8]]:
    layout = ZeroRunLayout(10, 12, 3, 3, 8, 2, WeightOrder.INTERLEAVED)
    weights = sparse_weights(1, (10, 12, 3, 3), 5, 0.1 if zero_run_bits else 1.0)
    encoded = encode_zero_run_stream(layout, weights, np.zeros(10, np.int32), 5, 4, zero_run_bits)
    return layout, encoded.data.copy()


@pytest.mark.parametrize("zero_run_bits", [0, 5])
def test_a_short_buffer_is_refused(zero_run_bits: int) -> None:
    layout, data = encoded_sample(zero_run_bits)
    with pytest.raises(CoefficientStreamError, match=r"core 7: \d+ bytes of stream at \d+ are not in"):
        decode_zero_run_stream(data[:-64], layout, 5)
    with pytest.raises(CoefficientStreamError, match="buffer of 60 bytes is shorter than the header"):
        decode_zero_run_stream(data[:60], layout, 5)


@pytest.mark.parametrize("zero_run_bits", [0, 5])
def test_a_stream_that_runs_out_is_refused(zero_run_bits: int) -> None:
    layout, data = encoded_sample(zero_run_bits)
    longer = replace(layout, input_channels=200)
    with pytest.raises(CoefficientStreamError, match=r"core 0, bit \d+: the stream runs out"):
        decode_zero_run_stream(data, longer, 5)


def test_impossible_prefixes_are_refused() -> None:
    layout, data = encoded_sample(5)
    data[64] = 9
    with pytest.raises(CoefficientStreamError, match="core 0, bit 0: 9 zero-run bits"):
        decode_zero_run_stream(data, layout, 5)
    data[64:66] = 5, 3
    with pytest.raises(CoefficientStreamError, match="has 3 kernels instead of 2"):
        decode_zero_run_stream(data, layout, 5)


def test_a_run_that_passes_a_field_is_refused() -> None:
    layout, data = encoded_sample(5)
    data[67] = 0xFF
    with pytest.raises(CoefficientStreamError, match="a run of zero points passes"):
        decode_zero_run_stream(data, layout, 5)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), zero_run_bits=st.sampled_from([0, 5]))
def test_damaged_streams_decode_or_are_refused(seed: int, zero_run_bits: int) -> None:
    layout, data = encoded_sample(zero_run_bits)
    random = np.random.default_rng(seed)
    data[random.integers(0, len(data), 4)] = random.integers(0, 256, 4)
    try:
        decoded = decode_zero_run_stream(data, layout, 5)
    except CoefficientStreamError:
        return
    assert decoded.weights.shape == (10, 12, 3, 3)


def test_impossible_sizes_are_refused() -> None:
    layout, data = encoded_sample(5)
    with pytest.raises(CoefficientStreamError, match="superblock_kernels is 0, but must be positive"):
        replace(layout, superblock_kernels=0)
    with pytest.raises(CoefficientStreamError, match=r"\d+ bytes cannot hold 10 kernels of 9437175 weights"):
        decode_zero_run_stream(data, replace(layout, input_channels=2**20 - 1), 5)
