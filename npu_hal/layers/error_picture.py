"""Pictures of errors: a bar for each operation, and a map of where a tensor is wrong."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from npu_hal.api import Array

_BAR_WIDTH = 10
_CHART_HEIGHT = 200
_MARGIN = 24
# Decades of excess over the tolerance that the chart shows, around 1.
_DECADES = 3
_GREEN, _RED, _GREY = (60, 150, 70), (200, 50, 40), (120, 120, 120)


def draw_error_chart(excesses: Sequence[float], path: Path) -> None:
    """A bar for each operation, in order: how many times the tolerance its error is, on a logarithmic scale.

    The line is the tolerance; bars beyond it are red.
    """
    width = 2 * _MARGIN + _BAR_WIDTH * max(len(excesses), 10)
    image = Image.new("RGB", (width, _CHART_HEIGHT + 2 * _MARGIN), "white")
    draw = ImageDraw.Draw(image)
    bottom = _MARGIN + _CHART_HEIGHT
    for position, excess in enumerate(excesses):
        left = _MARGIN + position * _BAR_WIDTH
        top = bottom - round(_CHART_HEIGHT * _relative_height(excess))
        draw.rectangle((left, min(top, bottom), left + _BAR_WIDTH - 2, bottom), fill=_RED if excess > 1 else _GREEN)
    line = bottom - _CHART_HEIGHT // 2
    draw.line((_MARGIN, line, width - _MARGIN, line), fill=_GREY)
    draw.text((_MARGIN, 4), "error of each operation; line: tolerance", fill="black")
    image.save(path)


def draw_error_map(distances: Array, path: Path) -> None:
    """Where a tensor is wrong: brightness is the largest error over the leading axes, of rows and columns.

    For NHWC tensors the picture is height by width, over batch and channels; others are drawn as one row.
    """
    if distances.ndim == 4:
        flat = distances.max(axis=(0, 3))
    else:
        flat = distances.reshape(1, -1)
    finite = np.where(np.isfinite(flat), flat, 0.0)
    top = float(finite.max(initial=0.0)) or 1.0
    shades = np.where(np.isfinite(flat), 255 * finite / top, 255).astype(np.uint8)
    image = Image.fromarray(shades)
    zoom = max(1, 256 // max(image.size))
    image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST).save(path)


def _relative_height(excess: float) -> float:
    """Half for an error as large as the tolerance; a sixth more for each factor of ten."""
    if excess <= 0:
        return 0.0
    decades = np.log10(min(excess, 10.0**_DECADES))
    return float(np.clip(0.5 + decades / (2 * _DECADES), 0.01, 1.0))
