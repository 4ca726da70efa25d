from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.huffman_code import (
    BIT_LENGTH,
    HuffmanEncoder,
    coded_bits,
    decode_bytes,
    smallest_symbol_map,
)
from npu_hal_etnaviv.coefficients.huffman_stream import (
    HuffmanLayout,
    decode_huffman_stream,
    encode_huffman_stream,
)
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_cores

V8_CORES = [core for core in npu_cores() if core.generation == 8]

FLUSH_BITS = 12


@settings(max_examples=150)
@given(data=st.binary(min_size=1, max_size=200), symbol_map=st.permutations(range(8)))
def test_bytes_pass_through_the_code(data: bytes, symbol_map: list[int]) -> None:
    values = np.frombuffer(data, np.uint8)
    stream, bits = HuffmanEncoder(tuple(symbol_map)).encode(values)
    assert np.array_equal(decode_bytes(stream, bits, len(values), tuple(symbol_map), 0), values)
    coded = np.append(values, np.uint8(0)) if len(values) % 2 else values
    histogram = np.bincount(BIT_LENGTH[coded], minlength=8)
    assert bits == coded_bits(histogram, tuple(symbol_map)) + FLUSH_BITS


@given(counts=st.lists(st.integers(0, 1000), min_size=8, max_size=8), other=st.permutations(range(8)))
def test_no_map_is_smaller_than_the_smallest(counts: list[int], other: list[int]) -> None:
    histogram = np.array(counts)
    assert coded_bits(histogram, smallest_symbol_map(histogram)) <= coded_bits(histogram, tuple(other))


layouts = st.builds(
    lambda core, oc, ic, height, width, blocks, depthwise: HuffmanLayout(
        oc, 1 if depthwise else ic, height, width, core.nn_core_count, blocks, depthwise
    ),
    st.sampled_from(V8_CORES),
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 6),
    st.booleans(),
)


def some_weights(layout: HuffmanLayout, seed: int, zero_point: int, spread: float) -> npt.NDArray[np.uint8]:
    shape = (layout.output_channels, layout.input_channels, layout.kernel_height, layout.kernel_width)
    noise = np.random.default_rng(seed).normal(zero_point, spread, shape)
    weights = np.clip(np.round(noise), 0, 255).astype(np.uint8)
    return weights[:, 0] if layout.depthwise else weights


@settings(max_examples=150)
@given(
    layout=layouts,
    seed=st.integers(0, 2**32 - 1),
    zero_point=st.integers(0, 255),
    spread=st.sampled_from([0.0, 1.0, 20.0, 200.0]),
)
def test_decoding_inverts_encoding(layout: HuffmanLayout, seed: int, zero_point: int, spread: float) -> None:
    weights = some_weights(layout, seed, zero_point, spread)
    biases = np.random.default_rng(seed).integers(-(2**31), 2**31, layout.output_channels).astype(np.int32)
    sizes = {}
    for compatibility in Compatibility:
        encoded = encode_huffman_stream(layout, weights, biases, zero_point, compatibility)
        decoded = decode_huffman_stream(encoded.data, layout, zero_point)
        assert np.array_equal(decoded.weights, weights)
        assert np.array_equal(decoded.biases, biases)
        sizes[compatibility] = len(encoded.data)
    assert sizes[Compatibility.SMALLEST] <= sizes[Compatibility.MESA]


@pytest.mark.parametrize("core", V8_CORES, ids=lambda core: core.name)
@pytest.mark.parametrize("depthwise", [False, True])
def test_every_channel_has_one_place(core: NpuCore, depthwise: bool) -> None:
    for channels in (1, 2, 5, 6, 7, 30, 31, 96, 97):
        layout = HuffmanLayout(channels, 1, 3, 3, core.nn_core_count, 3, depthwise)
        places = [np.concatenate(list(layout.superblock_channels(used))) for used in range(layout.cores_used)]
        assert sorted(np.concatenate(places).tolist()) == list(range(channels))
        assert [len(place) for place in places] == [layout.core_kernels(c) for c in range(layout.cores_used)]


def encoded_sample() -> tuple[HuffmanLayout, npt.NDArray[np.uint8]]:
    layout = HuffmanLayout(10, 12, 3, 3, 6, 2, False)
    weights = some_weights(layout, 1, 120, 9.0)
    return layout, encode_huffman_stream(layout, weights, np.arange(10, dtype=np.int32), 120).data.copy()


def test_a_short_buffer_is_refused() -> None:
    layout, data = encoded_sample()
    with pytest.raises(CoefficientStreamError, match=r"the bias table at \d+ is not in the buffer"):
        decode_huffman_stream(data[:-1], layout, 120)
    with pytest.raises(CoefficientStreamError, match=r"core 5: \d+ bytes of stream at"):
        decode_huffman_stream(data[: -40 - 64], layout, 120)
    with pytest.raises(CoefficientStreamError, match="is shorter than the header"):
        decode_huffman_stream(data[:63], layout, 120)


def test_streams_of_another_length_are_refused() -> None:
    layout, data = encoded_sample()
    with pytest.raises(CoefficientStreamError, match=r"core 0, bit \d+: the stream runs out"):
        decode_huffman_stream(data, replace(layout, input_channels=13), 120)
    with pytest.raises(CoefficientStreamError, match=r"the coded bytes end at bit \d+, but the stream has"):
        decode_huffman_stream(data, replace(layout, input_channels=11), 120)


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, 0x11, "precode is 1"),
        (0, 0x20, "version 2"),
        (1, 4, "run_length_size is 4"),
        (20, 0, "is no permutation"),
    ],
)
def test_unknown_headers_are_refused(offset: int, value: int, message: str) -> None:
    layout, data = encoded_sample()
    data[offset] = value
    with pytest.raises(CoefficientStreamError, match=message):
        decode_huffman_stream(data, layout, 120)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_streams_decode_or_are_refused(seed: int) -> None:
    layout, data = encoded_sample()
    random = np.random.default_rng(seed)
    data[random.integers(0, len(data), 4)] = random.integers(0, 256, 4)
    try:
        decoded = decode_huffman_stream(data, layout, 120)
    except CoefficientStreamError:
        return
    assert decoded.weights.shape == (10, 12, 3, 3)


def test_impossible_sizes_are_refused() -> None:
    layout, data = encoded_sample()
    with pytest.raises(CoefficientStreamError, match="kernel_width is 0, but must be positive"):
        replace(layout, kernel_width=0)
    with pytest.raises(CoefficientStreamError, match=r"\d+ bytes cannot hold 10 kernels of 9437175 weights"):
        decode_huffman_stream(data, replace(layout, input_channels=2**20 - 1), 120)
