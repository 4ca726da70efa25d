"""The order of kernels and weights in V7 core streams (hardware note, section 6)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from npu_hal_etnaviv.coefficients.bit_packing import ByteArray
from npu_hal_etnaviv.coefficients.stream_layout import StreamLayout

POINTWISE_SLICE_CHANNELS = 6
STRIP_ROWS = 2
STRIP_SPLIT_COLUMN = 3
MESA_UNSPLIT_ROWS = 64


class WeightOrder(Enum):
    """How the weights of a superblock's kernels are interleaved."""

    POINTWISE = "slices of six input channels"
    INTERLEAVED = "one slice an input channel, taps in strips of two rows"
    SINGLE_CHANNEL = "one slice, taps in strips of two rows"
    UNSPLIT_SINGLE_CHANNEL = "one slice, taps row by row"
    LINEAR = "one slice, weights as they are given"


def weight_order(input_channels: int, kernel_height: int, kernel_width: int) -> WeightOrder:
    """The order of a job's weights that the hardware reads."""
    if kernel_height == kernel_width == 1:
        return WeightOrder.POINTWISE
    return WeightOrder.SINGLE_CHANNEL if input_channels == 1 else WeightOrder.INTERLEAVED


def mesa_weight_order(
    order: WeightOrder, input_rows: int, *, depthwise: bool = False, fully_connected: bool = False
) -> WeightOrder:
    """The order in which Mesa writes, wrong for 5x5 kernels over one channel of at most 64 rows.

    Fully connected jobs are convolutions to the hardware, whose configs do not tell them apart, but Mesa does
    not interleave their channels; whether V7 cores read that is not known.
    """
    if fully_connected:
        return WeightOrder.LINEAR
    if order is WeightOrder.SINGLE_CHANNEL and not depthwise and input_rows <= MESA_UNSPLIT_ROWS:
        return WeightOrder.UNSPLIT_SINGLE_CHANNEL
    return order


def tap_order(kernel_height: int, kernel_width: int, *, split: bool = True) -> npt.NDArray[np.intp]:
    """Flat tap indexes (row * kernel_width + column) in stream order.

    Taps come in strips of two kernel rows; with `split`, a strip of more than three columns sends the columns
    0 to 2 of both rows first.
    """
    taps = np.arange(kernel_height * kernel_width).reshape(kernel_height, kernel_width)
    split_column = STRIP_SPLIT_COLUMN if split else kernel_width
    parts = []
    for row in range(0, kernel_height, STRIP_ROWS):
        strip = taps[row : row + STRIP_ROWS]
        parts += [strip[:, :split_column].reshape(-1), strip[:, split_column:].reshape(-1)]
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class ZeroRunLayout(StreamLayout):
    """The streams of a convolution in the zero run code, with the order of their weights."""

    order: WeightOrder

    @property
    def kernels_per_core(self) -> int:
        """Kernels in each core's stream, those past the last output channel included."""
        return -(-self.output_channels // self.cores_used)

    @property
    def slice_weights(self) -> int:
        """Weights that one kernel has in each slice but the last, which can be shorter."""
        match self.order:
            case WeightOrder.POINTWISE:
                return min(POINTWISE_SLICE_CHANNELS, self.input_channels)
            case WeightOrder.INTERLEAVED:
                return self.kernel_height * self.kernel_width
            case _:
                return self.kernel_weights

    def superblocks(self) -> list[tuple[int, int]]:
        """(first kernel, kernels) of each superblock of a core."""
        step = self.superblock_kernels
        return [(first, min(step, self.kernels_per_core - first)) for first in range(0, self.kernels_per_core, step)]

    def channels(self) -> npt.NDArray[np.intp]:
        """The output channel of each kernel, [cores_used, kernels_per_core]; it can lie past the last one."""
        core = np.arange(self.cores_used)[:, None]
        return np.concatenate(
            [first * self.cores_used + core * count + np.arange(count) for first, count in self.superblocks()],
            axis=1,
        )

    def kernel_order(self) -> npt.NDArray[np.intp] | None:
        """The taps' order within each input channel, or None if it is that of the weights."""
        if self.order in (WeightOrder.INTERLEAVED, WeightOrder.SINGLE_CHANNEL):
            order = tap_order(self.kernel_height, self.kernel_width)
            return None if np.array_equal(order, np.arange(len(order))) else order
        return None

    def sequences(self, kernels: ByteArray) -> ByteArray:
        """Weights in stream order, [cores_used, kernels_per_core * kernel_weights].

        kernels: [cores_used * kernels_per_core (by output channel), input channels, taps].
        """
        order = self.kernel_order()
        ordered = kernels if order is None else kernels[:, :, order]
        flat = ordered.reshape(self.cores_used * self.kernels_per_core, self.kernel_weights)
        result = np.empty((self.cores_used, self.kernels_per_core * self.kernel_weights), np.uint8)
        for (first, count), (whole, rest) in zip(self.superblocks(), self._slices(result), strict=True):
            start = first * self.cores_used
            block = flat[start : start + count * self.cores_used]
            block = block.reshape(self.cores_used, count, self.kernel_weights)
            covered = whole.shape[1] * self.slice_weights
            whole[...] = (
                block[:, :, :covered]
                .reshape(self.cores_used, count, whole.shape[1], self.slice_weights)
                .transpose(0, 2, 1, 3)
            )
            rest[...] = block[:, :, covered:]
        return result

    def kernels(self, sequences: ByteArray) -> ByteArray:
        """The inverse of `sequences`."""
        flat = np.empty((self.cores_used * self.kernels_per_core, self.kernel_weights), np.uint8)
        for (first, count), (whole, rest) in zip(self.superblocks(), self._slices(sequences), strict=True):
            start = first * self.cores_used
            block = flat[start : start + count * self.cores_used]
            block = block.reshape(self.cores_used, count, self.kernel_weights)
            covered = whole.shape[1] * self.slice_weights
            block[:, :, :covered] = whole.transpose(0, 2, 1, 3).reshape(self.cores_used, count, covered)
            block[:, :, covered:] = rest
        taps = self.kernel_weights // self.input_channels
        ordered = flat.reshape(-1, self.input_channels, taps)
        order = self.kernel_order()
        if order is None:
            return ordered
        result = np.empty_like(ordered)
        result[:, :, order] = ordered
        return result

    def _slices(self, sequences: ByteArray) -> list[tuple[ByteArray, ByteArray]]:
        """Views of each superblock: [cores, whole slices, kernels, weights] and [cores, kernels, rest]."""
        whole_slices, rest = divmod(self.kernel_weights, self.slice_weights)
        views = []
        for first, count in self.superblocks():
            block = sequences[:, first * self.kernel_weights : (first + count) * self.kernel_weights]
            covered = whole_slices * self.slice_weights * count
            views.append(
                (
                    block[:, :covered].reshape(self.cores_used, whole_slices, count, self.slice_weights),
                    block[:, covered:].reshape(self.cores_used, count, rest),
                )
            )
        return views

    def bias_positions(self) -> npt.NDArray[np.int64]:
        """Weights before each kernel's bias, by kernel: it stands after the kernel's first weight."""
        step = min(self.slice_weights, self.kernel_weights)
        return np.concatenate(
            [first * self.kernel_weights + np.arange(count) * step + 1 for first, count in self.superblocks()]
        ).astype(np.int64)

    def output_offset_positions(self) -> npt.NDArray[np.int64]:
        """Weights before each kernel's output offset, by kernel: it stands after the kernel's last weight."""
        last = self.kernel_weights % self.slice_weights or self.slice_weights
        return np.concatenate(
            [
                (first + count) * self.kernel_weights - (count - 1 - np.arange(count)) * last
                for first, count in self.superblocks()
            ]
        ).astype(np.int64)

    def slice_ends(self) -> npt.NDArray[np.int64]:
        """Where runs end although no field follows: after each slice of the last superblock."""
        if self.order is not WeightOrder.INTERLEAVED:
            return np.zeros(0, np.int64)
        first, count = self.superblocks()[-1]
        return (
            first * self.kernel_weights
            + (np.arange(self.input_channels, dtype=np.int64) + 1) * self.slice_weights * count
        )

    def diagonal_positions(self, core: int) -> npt.NDArray[np.int64]:
        """For kernels that use one input channel, that of their own number: each one's place of that channel.

        Weights before the channel's taps, by kernel; order must be INTERLEAVED. A channel past the last
        gives a meaningless place.
        """
        channels = self.channels()[core]
        return np.concatenate(
            [
                first * self.kernel_weights
                + (channels[first : first + count] * count + np.arange(count)) * self.slice_weights
                for first, count in self.superblocks()
            ]
        ).astype(np.int64)
