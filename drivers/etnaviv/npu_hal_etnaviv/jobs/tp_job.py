"""Jobs of the TP unit: rearrangements of images (hardware note, section 8)."""

from dataclasses import dataclass

from npu_hal_etnaviv.jobs.image import Image


@dataclass(frozen=True, slots=True)
class Transpose:
    """Interleaved to planar, of the same size."""

    input: Image
    output: Image


@dataclass(frozen=True, slots=True)
class Detranspose:
    """Planar to interleaved, of the same size."""

    input: Image
    output: Image


@dataclass(frozen=True, slots=True)
class SpaceToDepth:
    """Planar to planar: each 2x2 square of a channel becomes one position of four channels.

    Channel 4 * c + 2 * (y & 1) + (x & 1), position (y >> 1, x >> 1), where x and y count from `left` columns and
    `top` rows before the image. Positions outside of the image hold its zero point. The output has 4 * `channels`
    channels of `output_height` x `output_width`. `cores` TP cores share the work. Sizes are those that the job uses,
    which need not be the images'.
    """

    input: Image
    output: Image
    channels: int
    height: int
    width: int
    row_stride: int
    output_height: int
    output_width: int
    top: int
    left: int
    cores: int


@dataclass(frozen=True, slots=True)
class Pad:
    """Planar to planar: `top` rows and `left` columns of the zero point before the image, the rest after it.

    Without padding it copies. `cores` TP cores share the work. The zero points are those that the job is told.
    """

    input: Image
    output: Image
    top: int
    left: int
    cores: int
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True, slots=True)
class PickBytes:
    """Every `step`th byte of the input, from the first on, as many as the output has."""

    input: Image
    output: Image
    step: int


TPJob = Transpose | Detranspose | SpaceToDepth | Pad | PickBytes
