"""TP jobs as config fields (hardware note, section 8): one config for each TP core that shares a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.tp_job import Detranspose, Pad, PickBytes, SpaceToDepth, TPJob, Transpose
from npu_hal_etnaviv.programming.tp_split import CHANNEL_AXIS, Share, largest_axis, shares

Fields = dict[str, int]

LARGEST_WINDOW = 0x8000
"""Sizes, strides and counts have 16 bits, but positions are signed."""


def tp_configs(job: TPJob, address_of: Callable[[Image], int]) -> list[Fields]:
    """The config fields of a TP job, one entry a TP core used; fields left out keep their defaults."""
    source, target = address_of(job.input), address_of(job.output)
    match job:
        case Transpose():
            return [_transpose(job, source, target)]
        case Detranspose():
            return [_detranspose(job, source, target)]
        case SpaceToDepth():
            return _space_to_depth(job, source, target)
        case Pad():
            return _pad(job, source, target)
        case PickBytes():
            return [_pick_bytes(job, source, target)]


def _transpose(job: Transpose, source: int, target: int) -> Fields:
    """Rows of the image are slices, columns are rows, channels are columns of what the unit reads."""
    height, width, channels = job.input.height, job.input.width, job.input.channels
    return {
        **_image(channels, width, height, stride=channels, slice_bytes=width * channels),
        **_window(0, 0, channels, width),
        **_tile(1, width),
        **_addresses(source, target),
        **_loops((1, width), (height * width, channels), (width, height), (0, 1)),
        **_zero_points(job.input.zero_point, job.output.zero_point),
    }


def _detranspose(job: Detranspose, source: int, target: int) -> Fields:
    """The unit reads the buffer from start to end.

    One slice of rows as long as the image is high reads the same bytes as the image's own slices and rows; it is
    what is known to work, and fits where a window can be width * channels high.
    """
    height, width, channels = job.input.height, job.input.width, job.input.channels
    if width * channels <= LARGEST_WINDOW:
        image = _image(height, width * channels, 1, stride=height, slice_bytes=job.input.size)
        window = _window(0, 0, height, width * channels)
    else:
        image = _image(width, height, channels, stride=width, slice_bytes=job.input.plane)
        window = _window(0, 0, width, height)
    return {
        **image,
        **window,
        **_tile(1, 1),
        **_addresses(source, target),
        **_loops((channels, width), (0, 1), (width * channels, height), (1, channels)),
        "out_loop_4_inc": job.input.size,
        **_zero_points(job.output.zero_point, job.output.zero_point),
    }


def _space_to_depth(job: SpaceToDepth, source: int, target: int) -> list[Fields]:
    plane = job.output_width * job.output_height
    slice_bytes = job.width * job.height
    axis = largest_axis(job.output_width, job.output_height, job.channels)
    configs = []
    for share in shares((job.output_width, job.output_height, job.channels)[axis], job.cores):
        columns = _StridedPart.of(share, job.width, job.output_width, job.left, is_split=axis == 0)
        rows = _StridedPart.of(share, job.height, job.output_height, job.top, is_split=axis == 1)
        first_channel, channels = (share.start, share.count) if axis == CHANNEL_AXIS else (0, job.channels)
        configs.append(
            {
                **_image(columns.size, rows.size, channels, stride=job.row_stride, slice_bytes=slice_bytes),
                **_window(-columns.before, -rows.before, 2 * columns.outputs, 2 * rows.outputs),
                **_tile(2 * columns.outputs, 2 * rows.outputs),
                **_addresses(
                    source + first_channel * slice_bytes + rows.start * job.row_stride + columns.start,
                    target + first_channel * 4 * plane + rows.first_output * job.output_width + columns.first_output,
                ),
                **_loops(
                    (plane, 2), (1, columns.outputs), (2 * plane, 2), (job.output_width, rows.outputs), last=4 * plane
                ),
                "out_loop_1_reset": 1,
                "out_loop_3_reset": 1,
                **_zero_points(job.input.zero_point, job.output.zero_point),
                "no_flush": int(not share.is_last),
            }
        )
    return configs


def _pad(job: Pad, source: int, target: int) -> list[Fields]:
    width, height, plane = job.output.width, job.output.height, job.output.plane
    return [
        {
            **_image(
                job.input.width,
                job.input.height,
                share.count,
                stride=job.input.width,
                slice_bytes=job.input.plane,
            ),
            **_window(-job.left, -job.top, width, height),
            **_tile(width, height),
            **_addresses(source + share.start * job.input.plane, target + share.start * plane),
            **_loops((0, 1), (1, width), (width, height), (0, 1), last=plane),
            **_zero_points(job.input_zero_point, job.output_zero_point),
            "no_flush": int(not share.is_last),
        }
        for share in shares(job.input.channels, job.cores)
    ]


def _pick_bytes(job: PickBytes, source: int, target: int) -> Fields:
    """The first column of rows that are `step` bytes apart."""
    count = job.output.size
    return {
        **_image(1, count, 1, stride=job.step, slice_bytes=job.step * count),
        **_window(0, 0, 1, count),
        **_tile(1, count),
        **_addresses(source, target),
        **_loops((1, count), (0, 1), (0, 1), (0, 1)),
        **_zero_points(job.input.zero_point, job.output.zero_point),
    }


@dataclass(frozen=True, slots=True)
class _StridedPart:
    """Along one axis: what a share of the outputs reads, each output two positions of the input.

    before: positions of padding before the part. size: valid positions from `start` on.
    """

    first_output: int
    outputs: int
    start: int
    before: int
    size: int

    @classmethod
    def of(cls, share: Share, input_size: int, output_size: int, pad_before: int, *, is_split: bool) -> "_StridedPart":
        if not is_split:
            return cls(0, output_size, 0, pad_before, input_size)
        position = 2 * share.start - pad_before
        start = max(position, 0)
        rest = max(input_size - start, 0)
        size = rest if share.is_last else min(position + 2 * share.count - start, rest)
        return cls(share.start, share.count, start, start - position, max(size, 0))


def _image(x: int, y: int, z: int, *, stride: int, slice_bytes: int) -> Fields:
    return {
        "in_image_x_size": x,
        "in_image_y_size": y,
        "in_image_z_size": z,
        "in_image_stride": stride,
        "in_image_slice": slice_bytes,
    }


def _window(x: int, y: int, width: int, height: int) -> Fields:
    return {
        "in_window_x_start": x,
        "in_window_y_start": y,
        "in_window_x_end": x + width - 1,
        "in_window_y_end": y + height - 1,
    }


def _tile(x: int, y: int) -> Fields:
    return {"in_tile_x_size": x, "in_tile_y_size": y, "in_tile_x_inc": x, "in_tile_y_inc": y}


def _addresses(source: int, target: int) -> Fields:
    return {"in_image_base_address": source, "out_image_base_address": target}


def _loops(*loops: tuple[int, int], last: int = 0) -> Fields:
    """(increment, count) of loops 0 to 3, and the increment of loop 6."""
    fields = {}
    for number, (increment, count) in enumerate(loops):
        fields[f"out_loop_{number}_inc"] = increment
        fields[f"out_loop_{number}_count"] = count
    return {**fields, "out_loop_6_inc": last}


def _zero_points(source: int, target: int) -> Mapping[str, int]:
    return {"in_zp": source, "out_zp": target}
