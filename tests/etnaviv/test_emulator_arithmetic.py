"""NN and TP jobs against the hardware note's formulas, written out in whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from npu_hal_etnaviv.coefficients.huffman_stream import HuffmanLayout, encode_huffman_stream
from npu_hal_etnaviv.coefficients.zero_run_layout import ZeroRunLayout, weight_order
from npu_hal_etnaviv.coefficients.zero_run_stream import encode_zero_run_stream
from npu_hal_etnaviv.emulator.convolution import prepare_kernels
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface, open_emulator
from npu_hal_etnaviv.hardware.nn_config import (
    IN_IMAGE_X_OFFSET,
    IN_IMAGE_Y_OFFSET,
    KERNEL_ADDRESS_SHIFT,
    KERNEL_Z_SIZE,
    NN_CONFIG,
    POST_MULTIPLIER,
    POST_SHIFT,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_cores
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG
from npu_hal_etnaviv.kernel.interface import Access, BufferObject
from tests.etnaviv.golden_replay import command_words


@dataclass(frozen=True)
class Job:
    """A convolution as the hardware sees it; shapes [channels, rows, columns] and [OC, IC or 1, KH, KW]."""

    image: NDArray[np.uint8]
    weights: NDArray[np.uint8]
    biases: NDArray[np.int32]
    zero_point: int
    border: int
    offset: tuple[int, int]
    output: tuple[int, int]
    first_pixel: bool
    depthwise: bool
    multiplier: int
    shift: int
    output_zero_point: int
    relu: bool


def expected(job: Job, generation: int) -> NDArray[np.uint8]:
    """Section 4 of the hardware note, one tap after the other in 64-bit integers, wrapped to 32."""
    step = 2 if job.first_pixel else 1
    rows, columns = job.output
    outputs, _, height, width = job.weights.shape
    center = 128 if generation == 8 else 0
    channels, image_rows, image_columns = job.image.shape
    sums = np.zeros((outputs, rows, columns), np.int64) + job.biases[:, None, None]
    for y in range(rows):
        for x in range(columns):
            for ky in range(height):
                for kx in range(width):
                    row, column = y * step + ky + job.offset[0], x * step + kx + job.offset[1]
                    inside = 0 <= row < image_rows and 0 <= column < image_columns
                    pixel = job.image[:, row, column].astype(np.int64) if inside else np.full(channels, job.border)
                    taps = job.weights[:, :, ky, kx].astype(np.int64) - job.zero_point
                    pixel = pixel - center
                    sums[:, y, x] += taps[:, 0] * pixel if job.depthwise else taps @ pixel
    wrapped = (sums + 2**31) % 2**32 - 2**31
    width_bits = 23 if generation == 8 else 15
    mantissa = (1 << width_bits) + job.multiplier
    shift = job.shift + (23 if generation == 8 else 0)
    quotient, remainder = np.divmod(wrapped * mantissa, 1 << shift)
    half = 1 << shift >> 1
    up = (remainder > half) | ((remainder == half) & (quotient % 2 == 1) & (half > 0))
    rounded = quotient + up + job.output_zero_point
    low = job.output_zero_point if job.relu else 0
    result: NDArray[np.uint8] = np.clip(rounded, low, 255).astype(np.uint8)
    return result


def run_nn(kernel: EmulatedInterface, job: Job) -> NDArray[np.uint8]:
    core = kernel.core
    outputs, depth, height, width = job.weights.shape
    channels, image_rows, image_columns = job.image.shape
    rows, columns = job.output
    superblock = max(-(-outputs // core.nn_core_count) - 1, 1)
    if core.generation == 8:
        layout = HuffmanLayout(outputs, depth, height, width, core.nn_core_count, superblock, job.depthwise)
        weights = job.weights[:, 0] if job.depthwise else job.weights
        data = encode_huffman_stream(layout, weights, job.biases, job.zero_point).data
    else:
        order = weight_order(depth, height, width)
        streams = ZeroRunLayout(outputs, depth, height, width, core.nn_core_count, superblock, order)
        data = encode_zero_run_stream(
            streams, job.weights, job.biases, job.zero_point, rows * columns, core.zero_run_bits
        ).data
    buffers = {
        "config": kernel.allocate(NN_CONFIG.byte_count),
        "coefficients": kernel.allocate(data.size),
        "image": kernel.allocate(job.image.size),
        "output": kernel.allocate(outputs * rows * columns),
    }
    buffers["coefficients"].data[: data.size] = data
    buffers["image"].data[: job.image.size] = job.image.reshape(-1)
    fields = {
        "no_z_offset": int(core.generation == 8),
        "no_flush": int(core.generation == 8),
        "kernel_xy_size": width,
        "kernel_y_size": height,
        **KERNEL_Z_SIZE.split(channels),
        "kernels_per_core": superblock,
        "pooling": 3 if job.first_pixel else 0,
        "pooling_xy_size": 0 if job.first_pixel else 1,
        "in_image_x_size": image_columns,
        "in_image_y_size": image_rows,
        "in_image_x_stride": image_columns,
        "in_image_y_stride": image_rows,
        **IN_IMAGE_Y_OFFSET[core.generation].split(job.offset[0]),
        **IN_IMAGE_X_OFFSET[core.generation].split(job.offset[1]),
        "out_image_x_size": columns * (2 if job.first_pixel else 1),
        "out_image_y_size": rows * (2 if job.first_pixel else 1),
        "out_image_x_stride": columns,
        "out_image_y_stride": rows,
        "out_image_z_size": outputs,
        "out_image_tile_x_size": 1,
        "out_image_tile_y_size": 1,
        "kernel_address": buffers["coefficients"].address >> KERNEL_ADDRESS_SHIFT,
        "in_image_address": buffers["image"].address,
        "out_image_address": buffers["output"].address,
        "in_image_border_const": job.border,
        "coef_zero_point": job.zero_point,
        "out_zero_point": job.output_zero_point,
        "relu": int(job.relu),
        "depthwise": int(job.depthwise),
        **POST_MULTIPLIER[core.generation].split(job.multiplier),
        **POST_SHIFT.split(job.shift),
    }
    buffers["config"].data[: NN_CONFIG.byte_count] = NN_CONFIG.pack(fields).astype("<u4").view(np.uint8)
    start = [("GL_NN_CONFIG", 16), ("PS_NN_INST_ADDR", {"addr_of": "config", "low_bits": 0})]
    submit(kernel, buffers, start)
    return buffers["output"].data[: outputs * rows * columns].reshape(outputs, rows, columns)


def submit(kernel: EmulatedInterface, buffers: Mapping[str, BufferObject], start: list[tuple[str, object]]) -> None:
    state = [("GL_OCB_REMAP_START", 0), ("GL_OCB_REMAP_END", 0), *start, ("PS_UNK10A4", 0), ("GL_FLUSH_CACHE", 0xC23)]
    access = {"output": Access.WRITE}
    listed = [(buffer, access.get(name, Access.READ)) for name, buffer in buffers.items()]
    kernel.wait(kernel.submit(command_words([list(entry) for entry in state], buffers), listed))


@st.composite
def jobs(draw: st.DrawFn, core: NpuCore) -> Job:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    generation = core.generation
    depthwise = core.has_native_depthwise and generation == 8 and draw(st.booleans())
    channels = draw(st.integers(1, 20))
    outputs = channels if depthwise else draw(st.integers(1, 20))
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    first_pixel = core.has_first_pixel_pooling and draw(st.booleans())
    offset = (draw(st.integers(-2, 1)), draw(st.integers(-2, 1)))
    step = 2 if first_pixel else 1
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    rows = min(rows, (size[0] + height) // step) or 1
    columns = min(columns, (size[1] + width) // step) or 1
    zero_point = draw(st.integers(0, 255))
    weights = random.integers(0, 256, (outputs, 1 if depthwise else channels, height, width), np.uint8)
    weights[random.random(weights.shape) < draw(st.sampled_from([0.0, 0.5, 0.95]))] = zero_point
    if draw(st.booleans()) and not depthwise:
        weights[:, random.random(channels) < 0.9] = zero_point
    large = draw(st.sampled_from([1000, 2**31 - 1]))
    return Job(
        image=random.integers(0, 256, (channels, *size), np.uint8),
        weights=weights,
        biases=random.integers(-large, large, outputs).astype(np.int32),
        zero_point=zero_point,
        border=draw(st.integers(0, 255)),
        offset=offset,
        output=(rows, columns),
        first_pixel=first_pixel and step * rows <= size[0] + height and step * columns <= size[1] + width,
        depthwise=depthwise,
        multiplier=draw(st.integers(0, 2**15 - 1)) << (8 if generation == 8 else 0),
        shift=draw(st.integers(2, 14)) + (15 if generation == 7 else 0),
        output_zero_point=draw(st.integers(0, 255)),
        relu=draw(st.booleans()),
    )


@pytest.mark.parametrize("core", npu_cores(), ids=lambda core: core.name)
def test_convolutions_are_those_of_the_formula(core: NpuCore) -> None:
    with open_emulator(f"emulator:{core.name}") as kernel:

        @settings(max_examples=30)
        @given(jobs(core))
        def check(job: Job) -> None:
            np.testing.assert_array_equal(run_nn(kernel, job), expected(job, core.generation))

        check()


def test_sums_beyond_float32_are_exact() -> None:
    """A pointwise job over so many channels that its sums leave 24 bits, with odd results that float32 would lose."""
    random = np.random.default_rng(5)
    channels = 3000
    job = Job(
        image=random.choice(np.array([0, 255], np.uint8), (channels, 3, 3)),
        weights=random.choice(np.array([0, 1, 254, 255], np.uint8), (9, channels, 1, 1)),
        biases=random.integers(-3, 3, 9).astype(np.int32),
        zero_point=0,
        border=0,
        offset=(0, 0),
        output=(3, 3),
        first_pixel=False,
        depthwise=False,
        multiplier=12345,
        shift=15 + 20,
        output_zero_point=0,
        relu=False,
    )
    kernels = prepare_kernels(job.weights, 0, job.biases, depthwise=False, centered=False)
    assert kernels.matrix is not None
    assert kernels.matrix.dtype == np.float64
    with open_emulator("a311d") as kernel:
        np.testing.assert_array_equal(run_nn(kernel, job), expected(job, 7))


def test_kernels_over_few_channels_are_run_channel_by_channel() -> None:
    weights = np.full((16, 16, 3, 3), 9, np.uint8)
    weights[np.arange(16), np.arange(16)[::-1]] = 7
    kernels = prepare_kernels(weights, 9, np.zeros(16, np.int32), depthwise=False, centered=False)
    assert kernels.matrix is None
    assert kernels.channels is not None
    assert kernels.channels.tolist() == [list(range(16))[::-1]]


def tp_expected(source: NDArray[np.uint8], fields: Mapping[str, int], size: int) -> NDArray[np.uint8]:
    """Section 8 of the hardware note, value by value."""
    output = np.zeros(size, np.uint8)
    value_number = 0
    counts = [fields[f"out_loop_{loop}_count"] for loop in range(6)]
    steps = [fields[f"out_loop_{loop}_inc"] for loop in range(7)]
    width = fields["in_window_x_end"] - fields["in_window_x_start"] + 1
    height = fields["in_window_y_end"] - fields["in_window_y_start"] + 1
    tile_width, tile_height = fields["in_tile_x_size"], fields["in_tile_y_size"]
    for z in range(fields["in_image_z_size"]):
        for tile_y in range(0, height, tile_height):
            for tile_x in range(0, width, tile_width):
                for row in range(tile_height):
                    for column in range(tile_width):
                        y = fields["in_window_y_start"] + tile_y + row
                        x = fields["in_window_x_start"] + tile_x + column
                        inside = 0 <= y < fields["in_image_y_size"] and 0 <= x < fields["in_image_x_size"]
                        at = z * fields["in_image_slice"] + y * fields["in_image_stride"] + x
                        value = int(source[at]) if inside else fields["in_zp"]
                        value = min(max(value - fields["in_zp"] + fields["out_zp"], 0), 255)
                        rest, place = value_number, 0
                        for count, step in zip(counts, steps, strict=False):
                            rest, index = divmod(rest, count)
                            place += index * step
                        output[place + rest * steps[6]] = value
                        value_number += 1
    return output


@settings(max_examples=60)
@given(st.data())
def test_rearrangements_are_those_of_the_formula(data: st.DataObject) -> None:
    integers = st.integers
    slices, rows, columns = (data.draw(integers(1, 5)) for _ in range(3))
    tiles_x, tiles_y, tile_x, tile_y = (data.draw(integers(1, 3)) for _ in range(4))
    start_x, start_y = data.draw(integers(-2, 1)), data.draw(integers(-2, 1))
    axes = data.draw(st.permutations(range(5)))
    counts = [tile_x, tile_y, tiles_x, tiles_y, slices]
    steps, step = [0] * 5, 1
    for axis in axes:
        steps[axis] = step
        step *= counts[axis]
    fields = {
        "in_image_x_size": columns,
        "in_image_y_size": rows,
        "in_image_z_size": slices,
        "in_image_stride": columns + data.draw(integers(0, 3)),
        "in_image_slice": rows * (columns + 3) + data.draw(integers(0, 3)),
        "in_window_x_start": start_x,
        "in_window_y_start": start_y,
        "in_window_x_end": start_x + tiles_x * tile_x - 1,
        "in_window_y_end": start_y + tiles_y * tile_y - 1,
        "in_tile_x_size": tile_x,
        "in_tile_x_inc": tile_x,
        "in_tile_y_size": tile_y,
        "in_tile_y_inc": tile_y,
        "in_zp": data.draw(integers(0, 255)),
        "out_zp": data.draw(integers(0, 255)),
        **{f"out_loop_{loop}_count": counts[loop] for loop in range(4)},
        **{f"out_loop_{loop}_inc": steps[loop] for loop in range(4)},
        "out_loop_4_count": 1,
        "out_loop_5_count": 1,
        "out_loop_4_inc": 7,
        "out_loop_5_inc": 0,
        "out_loop_6_inc": steps[4],
    }
    source = np.random.default_rng(data.draw(integers(0, 1000))).integers(0, 256, 4096, np.uint8)
    with open_emulator("a311d") as kernel:
        buffers = {name: kernel.allocate(4096) for name in ("config", "image", "output")}
        buffers["image"].data[:] = source
        addresses = {
            "in_image_base_address": buffers["image"].address,
            "out_image_base_address": buffers["output"].address,
        }
        words = TP_CONFIG.pack({**fields, **addresses})
        buffers["config"].data[: TP_CONFIG.byte_count] = words.astype("<u4").view(np.uint8)
        start = [("GL_TP_CONFIG", 0), ("GL_UNK03950", 0), ("PS_TP_INST_ADDR", {"addr_of": "config", "low_bits": 0})]
        submit(kernel, buffers, start)
        np.testing.assert_array_equal(buffers["output"].data, tp_expected(source, fields, 4096))
