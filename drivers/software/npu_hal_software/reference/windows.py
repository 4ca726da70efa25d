"""Windows that slide over the height and width of an image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import ExplicitPadding, Padding2D, Shape, resolve_padding, window_output_hw

# Elements that a kernel works on at a time: small enough to stay in a core's second-level cache.
BLOCK_ELEMENTS = 1 << 16


@dataclass(frozen=True, slots=True)
class WindowGeometry:
    """Where windows of ``filter_hw`` taps lie on an image; all pairs are (height, width)."""

    image_hw: tuple[int, int]
    filter_hw: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: ExplicitPadding
    output_hw: tuple[int, int]

    @classmethod
    def of(
        cls,
        image: Shape,
        filter_hw: tuple[int, int],
        strides: tuple[int, int],
        padding: Padding2D,
        dilations: tuple[int, int] = (1, 1),
    ) -> "WindowGeometry":
        """The geometry over images of shape ``[N, H, W, C]``."""
        image_hw = (image[1], image[2])
        pads = resolve_padding(padding, image_hw, filter_hw, strides, dilations)
        output_hw = window_output_hw(padding, image_hw, filter_hw, strides, dilations)
        return cls(image_hw, filter_hw, strides, dilations, pads, output_hw)

    @property
    def is_pointwise(self) -> bool:
        """Whether output positions and image positions are the same."""
        return self.filter_hw == (1, 1) and self.strides == (1, 1) and self.pads == ExplicitPadding()

    def row_blocks(self, elements_per_row: int) -> Iterator[tuple[int, int]]:
        """Ranges [start, stop) of output rows, each of about `BLOCK_ELEMENTS` elements."""
        rows = max(1, BLOCK_ELEMENTS // max(1, elements_per_row))
        for start in range(0, self.output_hw[0], rows):
            yield start, min(start + rows, self.output_hw[0])

    def padded_rows(
        self, image: NDArray[Any], start: int, stop: int, padding_value: Any, dtype: Any = None
    ) -> NDArray[Any]:
        """The rows ``[H', W', C]`` of the padded image ``[H, W, C]`` that output rows start..stop read."""
        height, width = self.image_hw
        first = start * self.strides[0] - self.pads.top
        last = (stop - 1) * self.strides[0] + (self.filter_hw[0] - 1) * self.dilations[0] - self.pads.top
        dtype = image.dtype if dtype is None else dtype
        rows = np.full(
            (last - first + 1, width + self.pads.left + self.pads.right, image.shape[2]), padding_value, dtype
        )
        top, bottom = max(first, 0), min(last + 1, height)
        if top < bottom:
            rows[top - first : bottom - first, self.pads.left : self.pads.left + width] = image[top:bottom]
        return rows

    def taps(self, rows: NDArray[Any], count: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """For each filter tap its (row, column) and what it sees of `padded_rows` for `count` output rows.

        Views of shape ``[count, OW, C]``.
        """
        stride_y, stride_x = self.strides
        for y in range(self.filter_hw[0]):
            for x in range(self.filter_hw[1]):
                top, left = y * self.dilations[0], x * self.dilations[1]
                bottom = top + (count - 1) * stride_y + 1
                right = left + (self.output_hw[1] - 1) * stride_x + 1
                yield y, x, rows[top:bottom:stride_y, left:right:stride_x]

    def patches(self, rows: NDArray[Any], count: int) -> NDArray[Any]:
        """The windows of `count` output rows over `padded_rows`, one a line: ``[count * OW, KH * KW * C]``."""
        channels = rows.shape[2]
        if self.filter_hw == (1, 1) and self.strides == (1, 1):
            return rows.reshape(-1, channels)
        windows = np.empty((count, self.output_hw[1], *self.filter_hw, channels), rows.dtype)
        for y, x, seen in self.taps(rows, count):
            windows[:, :, y, x] = seen
        return windows.reshape(count * self.output_hw[1], -1)

    def valid_counts(self) -> NDArray[np.int64]:
        """How many taps of each window lie inside of the image: ``[OH, OW]``."""
        return np.outer(*(self._valid_along(axis) for axis in (0, 1)))

    def _valid_along(self, axis: int) -> NDArray[np.int64]:
        before = (self.pads.top, self.pads.left)[axis]
        starts = np.arange(self.output_hw[axis]) * self.strides[axis] - before
        positions = starts[:, None] + np.arange(self.filter_hw[axis]) * self.dilations[axis]
        inside: NDArray[np.int64] = ((positions >= 0) & (positions < self.image_hw[axis])).sum(axis=1)
        return inside
