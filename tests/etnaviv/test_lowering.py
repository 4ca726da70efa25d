"""The rules of lowering one by one: when each applies, and the jobs that it gives."""

from typing import Any

import numpy as np
import pytest

from npu_hal import api
from npu_hal.api import Activation, Concatenation, DType, Graph, GraphBuilder, Padding, Quantization, Split
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.image import INTERLEAVED, PLANAR
from npu_hal_etnaviv.jobs.job import Job, Program
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob, Size
from npu_hal_etnaviv.jobs.tp_job import Detranspose, Pad, PickBytes, SpaceToDepth, Transpose
from npu_hal_etnaviv.lowering.addition import operand_weights
from npu_hal_etnaviv.lowering.channel_blocks import BLOCK_CHANNELS
from npu_hal_etnaviv.lowering.flat_image import flat_image
from npu_hal_etnaviv.lowering.lower import lower
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.stride import common_stride
from npu_hal_etnaviv.programming.tp_split import shares
from tests.etnaviv.graphs import (
    V7,
    V8,
    append_addition,
    append_convolution,
    convolution_graph,
    depthwise_graph,
    image_input,
    quantization,
)

BOTH = pytest.mark.parametrize("core", [V7, V8], ids=["V7", "V8"])


def kinds(program: Program) -> list[str]:
    return [type(job).__name__ for job in program.jobs]


def nn_jobs(program: Program) -> list[NNJob]:
    return [job for job in program.jobs if isinstance(job, NNJob)]


def the_nn_job(graph: Graph, core: NpuCore) -> NNJob:
    (job,) = nn_jobs(lower(graph, core))
    return job


def the_job(program: Program, kind: type[Job]) -> Any:
    (job,) = [job for job in program.jobs if isinstance(job, kind)]
    return job


@BOTH
def test_layouts_change_at_the_borders_only(core: NpuCore) -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 6, 5, 4)), 3)
    program = lower(builder.build([append_convolution(builder, y, 7)]), core)
    assert kinds(program) == ["Transpose", "NNJob", "NNJob", "Detranspose"]
    assert [job.input.layout for job in program.jobs] == [INTERLEAVED, PLANAR, PLANAR, PLANAR]
    assert program.jobs[-1].output.layout == INTERLEAVED


@BOTH
def test_one_channel_and_one_position_need_no_other_layout(core: NpuCore) -> None:
    assert kinds(lower(convolution_graph((1, 9, 8, 1), 1, 3), core)) == ["NNJob"]
    assert kinds(lower(convolution_graph((1, 1, 1, 9), 5), core)) == ["NNJob"]


@BOTH
def test_an_input_of_two_readers_is_transposed_once(core: NpuCore) -> None:
    builder = GraphBuilder()
    x = image_input(builder, (1, 6, 5, 4))
    outputs = [append_convolution(builder, x, 3), append_convolution(builder, x, 2)]
    assert kinds(lower(builder.build(outputs), core)) == [
        "Transpose",
        "NNJob",
        "Detranspose",
        "NNJob",
        "Detranspose",
    ]


@BOTH
def test_a_tensor_that_is_read_and_an_output_has_both_layouts(core: NpuCore) -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 6, 5, 4)), 3)
    program = lower(builder.build([y, append_convolution(builder, y, 7)]), core)
    assert kinds(program) == ["Transpose", "NNJob", "Detranspose", "NNJob", "Detranspose"]
    assert program.jobs[2].input is program.jobs[3].input


@pytest.mark.parametrize(
    ("padding", "size", "kernel", "offset"),
    [
        (Padding.SAME, 7, 3, -1),
        (Padding.SAME, 8, 5, -2),
        (Padding.SAME, 8, 4, -1),
        (Padding.VALID, 8, 3, 0),
    ],
)
@BOTH
def test_the_first_tap_is_where_the_padding_begins(
    core: NpuCore, padding: Padding, size: int, kernel: int, offset: int
) -> None:
    job = the_nn_job(convolution_graph((1, size, size + 1, 2), 3, kernel, padding=padding), core)
    assert (job.y_offset, job.x_offset) == (offset, offset)
    assert job.input_size == Size(size + 1, size, 2)


@BOTH
def test_dense_stride_2_reads_a_rearranged_input(core: NpuCore) -> None:
    program = lower(convolution_graph((1, 12, 11, 3), 4, 3, stride_height=2, stride_width=2), core)
    rearranging, job = the_job(program, SpaceToDepth), the_job(program, NNJob)
    assert kinds(program) == ["Transpose", "SpaceToDepth", "NNJob", "Detranspose"]
    # SAME pads an even height at the end only, an odd width on both sides.
    assert (rearranging.top, rearranging.left) == (0, 1)
    assert job.input_size == Size(7, 7, 12)
    assert job.weights.shape == (4, 12, 2, 2)
    assert (job.y_offset, job.x_offset, job.first_pixel) == (0, 0, False)


@BOTH
def test_no_tp_core_rearranges_padding_only(core: NpuCore) -> None:
    program = lower(convolution_graph((1, 12, 11, 1), 4, 3, stride_height=2, stride_width=2), core)
    job = the_job(program, SpaceToDepth)
    *_, last = shares(7, job.cores)
    assert job.cores > 1
    assert 2 * last.start - job.top < 12


@pytest.mark.parametrize(("size", "kernel", "offset"), [(7, 3, -1), (8, 3, 0), (9, 5, -2), (8, 5, -1), (4, 3, 0)])
def test_depthwise_stride_2_keeps_first_pixels(size: int, kernel: int, offset: int) -> None:
    job = the_nn_job(depthwise_graph((1, size, size, 4), kernel, stride_height=2, stride_width=2), V8)
    assert job.first_pixel
    assert job.y_offset == offset
    assert job.convolved_size.height == 2 * job.output_size.height == 2 * -(-size // 2)


def test_v7_rearranges_small_depthwise_images() -> None:
    small = lower(depthwise_graph((1, 7, 9, 4), stride_height=2, stride_width=2), V7)
    large = lower(depthwise_graph((1, 8, 9, 4), stride_height=2, stride_width=2), V7)
    assert "SpaceToDepth" in kinds(small)
    assert the_job(large, NNJob).first_pixel


@BOTH
def test_pointwise_stride_2_keeps_first_pixels(core: NpuCore) -> None:
    job = the_nn_job(convolution_graph((1, 7, 8, 5), 3, stride_height=2, stride_width=2), core)
    assert job.first_pixel


def test_depthwise_kernels_are_native_or_diagonal() -> None:
    assert the_nn_job(depthwise_graph((1, 8, 8, 4)), V8).form is KernelForm.DEPTHWISE
    assert the_nn_job(depthwise_graph((1, 8, 8, 4)), V7).form is KernelForm.DIAGONAL
    for core in (V7, V8):
        assert the_nn_job(depthwise_graph((1, 8, 8, 1)), core).form is KernelForm.DENSE


def test_wide_depthwise_comes_in_blocks_on_v7() -> None:
    graph = depthwise_graph((1, 4, 4, 2 * BLOCK_CHANNELS + 8))
    program = lower(graph, V7)
    blocks = nn_jobs(program)
    assert [job.output_size.channels for job in blocks] == [BLOCK_CHANNELS, BLOCK_CHANNELS, 8]
    assert [program.parts[job.output].offset for job in blocks] == [0, 16 * BLOCK_CHANNELS, 32 * BLOCK_CHANNELS]
    assert len(nn_jobs(lower(graph, V8))) == 1


@BOTH
def test_one_tap_over_one_channel_becomes_2x2(core: NpuCore) -> None:
    job = the_nn_job(convolution_graph((1, 6, 6, 1), 3), core)
    assert job.weights.shape == (3, 1, 2, 2)
    assert np.count_nonzero(job.weights[:, :, 1:, :] != job.weight_zero_point) == 0
    assert the_nn_job(convolution_graph((1, 6, 6, 2), 3), core).weights.shape == (3, 2, 1, 1)


@BOTH
def test_an_upper_bound_is_had_by_saturation(core: NpuCore) -> None:
    builder = GraphBuilder()
    bounded = append_convolution(
        builder, image_input(builder, (1, 6, 5, 4)), 3, output_scale=0.05, activation=Activation.RELU6
    )
    program = lower(builder.build([bounded, append_convolution(builder, bounded, 7)]), core)
    # 6 is 120 steps above the zero point, 110: stored as 255, the zero point is 135.
    assert kinds(program) == ["Transpose", "NNJob", "NNJob", "Detranspose", "NNJob", "Detranspose"]
    first, lowering, second = nn_jobs(program)
    assert (first.output_zero_point, first.relu) == (135, True)
    assert (lowering.input_zero_point, lowering.output_zero_point) == (135, 110)
    assert second.input is first.output
    assert second.input_zero_point == 135


@BOTH
def test_a_bound_that_no_value_reaches_changes_nothing(core: NpuCore) -> None:
    graph = convolution_graph((1, 6, 5, 4), 3, output_scale=0.02, activation=Activation.RELU6)
    job = the_nn_job(graph, core)
    assert (job.output_zero_point, job.relu) == (110, True)


def two_inputs_graph() -> Graph:
    builder = GraphBuilder()
    operands = [image_input(builder, (1, 6, 5, 4), name) for name in ("a", "b")]
    return builder.build([append_addition(builder, *operands)])


@BOTH
def test_operands_of_an_addition_lie_one_after_the_other(core: NpuCore) -> None:
    program = lower(two_inputs_graph(), core)
    job = the_job(program, NNJob)
    transposes = [transpose.output for transpose in program.jobs if isinstance(transpose, Transpose)]
    assert [(program.parts[image].whole, program.parts[image].offset) for image in transposes] == [
        (job.input, 0),
        (job.input, 120),
    ]
    channels = {7: (2, 1), 8: (8, 4)}[core.generation]
    assert (job.input_size.channels, job.output_size.channels) == channels


@BOTH
def test_a_tensor_added_to_itself_is_copied(core: NpuCore) -> None:
    builder = GraphBuilder()
    x = image_input(builder, (1, 6, 5, 4))
    program = lower(builder.build([append_addition(builder, x, x)]), core)
    assert kinds(program) == ["Transpose", "Pad", "NNJob", "Detranspose"]


@pytest.mark.parametrize(("first", "second"), [(0.02, 0.02), (0.02, 0.031), (0.5, 0.003), (0.003, 0.5)])
def test_operand_weights_have_the_ratio_of_the_scales(first: float, second: float) -> None:
    weights = operand_weights(first, second)
    assert weights.second / weights.first == pytest.approx(second / first, rel=weights.relative_error + 1e-9)
    assert min(weights.first, weights.second) >= 1
    assert max(weights.first, weights.second) <= 255
    # Weights of the larger scale's 255 would be off by up to half of one of 255 / ratio.
    assert weights.relative_error <= 0.5 / (255 * min(first / second, second / first))


@pytest.mark.parametrize("shape", [(14, 14, 24), (112, 112, 120), (1, 8191, 3), (300, 300, 700)])
def test_flat_images_fit_the_size_fields(shape: tuple[int, int, int]) -> None:
    flat = flat_image(*shape)
    assert flat is not None
    assert flat[0] * flat[1] == int(np.prod(shape))
    assert max(flat) <= 8191


def test_some_tensors_have_no_flat_image() -> None:
    assert flat_image(1, 1, 10007) is None


def join_graph(parts: list[str], axis: int = 3, output: Quantization | None = None) -> Graph:
    """A concatenation of graph inputs; equal names are one input."""
    builder = GraphBuilder()
    inputs = {name: image_input(builder, (1, 2, 3, 4), name) for name in dict.fromkeys(parts)}
    y = builder.tensor("y", DType.UINT8, output or quantization())
    builder.append(Concatenation(concatenated=tuple(inputs[name] for name in parts), output=y, axis=axis))
    return builder.build([y])


@BOTH
def test_concatenation_of_channels_is_placement(core: NpuCore) -> None:
    program = lower(join_graph(["a", "b"]), core)
    assert kinds(program) == ["Transpose", "Transpose", "Detranspose"]
    assert sorted(part.offset for part in program.parts.values()) == [0, 24]


@BOTH
def test_concatenation_of_the_first_axis_needs_no_job(core: NpuCore) -> None:
    program = lower(join_graph(["a", "b"], axis=1), core)
    assert kinds(program) == []
    assert [program.parts[image].offset for image in program.inputs if image is not None] == [0, 24]


@BOTH
def test_a_tensor_concatenated_twice_is_copied(core: NpuCore) -> None:
    copies = [job for job in lower(join_graph(["a", "a"]), core).jobs if isinstance(job, Pad)]
    assert len(copies) == 1
    assert (copies[0].top, copies[0].left) == (0, 0)


@BOTH
def test_a_concatenated_tensor_of_another_quantisation_is_rescaled(core: NpuCore) -> None:
    program = lower(join_graph(["a", "b"], output=quantization(0.03, 100)), core)
    assert [job.rescale for job in nn_jobs(program)] == [pytest.approx(0.02 / 0.03 / 128)] * 2


@BOTH
def test_split_parts_are_places_in_the_whole(core: NpuCore) -> None:
    builder = GraphBuilder()
    x = image_input(builder, (1, 2, 3, 4))
    parts = tuple(builder.tensor(f"part {number}", DType.UINT8, quantization()) for number in range(2))
    builder.append(Split(input=x, parts=parts, axis=3))
    program = lower(builder.build(list(parts)), core)
    assert kinds(program) == ["Transpose", "Detranspose", "Detranspose"]
    assert [program.parts[job.input].offset for job in program.jobs[1:]] == [0, 12]


@BOTH
def test_reshape_keeps_the_bytes(core: NpuCore) -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 1, 1, 4)), 6)
    flat = builder.tensor("flat", DType.UINT8, quantization())
    builder.append(api.Reshape(input=y, output=flat, shape=(1, 6)))
    assert kinds(lower(builder.build([flat]), core)) == ["NNJob"]


def test_a_global_mean_on_v7_convolves_stacked_channels() -> None:
    builder = GraphBuilder()
    x = image_input(builder, (1, 7, 5, 1300))
    y = builder.tensor("mean", DType.UINT8, quantization())
    builder.append(api.Mean(input=x, output=y, axes=(1, 2)))
    graph = builder.build([y])
    program = lower(graph, V7)
    jobs, picks = nn_jobs(program), [job for job in program.jobs if isinstance(job, PickBytes)]
    assert [job.input_size for job in jobs] == [Size(5, 8190, 1), Size(5, 910, 1)]
    assert [pick.step for pick in picks] == [7, 7]
    assert [program.parts[pick.output].offset for pick in picks] == [0, 1170]
    assert the_nn_job(graph, V8).form is KernelForm.DEPTHWISE


@pytest.mark.parametrize(
    ("strides", "output", "expected"),
    [((1, 1), (5, 5), 1), ((2, 2), (5, 5), 2), ((3, 7), (1, 1), 1), ((3, 2), (1, 9), 2), ((1, 2), (4, 4), None)],
)
def test_strides_along_an_axis_of_one_output_do_not_count(
    strides: tuple[int, int], output: tuple[int, int], expected: int | None
) -> None:
    assert common_stride(strides, output) == expected


@pytest.mark.parametrize(
    ("shape", "expected"), [((), (1, 1, 1)), ((5,), (1, 1, 5)), ((4, 5), (1, 4, 5)), ((1, 2, 3, 4), (2, 3, 4))]
)
def test_tensors_of_any_rank_are_images(shape: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    assert image_shape(shape) == expected


def test_detransposing_ends_in_interleaved_images() -> None:
    program = lower(convolution_graph((1, 4, 4, 2), 3), V8)
    assert the_job(program, Detranspose).output is program.outputs[0]
