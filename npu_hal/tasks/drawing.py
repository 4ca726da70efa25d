"""Drawing answers into pictures."""

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

_BLACK: Colour = (0, 0, 0)
_WHITE: Colour = (255, 255, 255)
# The part of a picture's shorter side that lines and letters take.
_LINE_PART = 200
_TEXT_PART = 30
_LEAST_TEXT = 11

_GOLDEN_SECTION = (5**0.5 - 1) / 2

# Colours of a heat map from 0 to 1, evenly spaced: dark blue over green to yellow, ever brighter.
_HEAT = np.array(
    [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]], np.float64
)


def class_colour(index: int) -> Colour:
    """The colour of class `index`, as in the PASCAL VOC devkit: the index's bits, spread over the colours' upper bits.

    Class 0, the background, is black.
    """
    channels = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            channels[channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
    return channels[0], channels[1], channels[2]


def object_colour(index: int) -> Colour:
    """A bright colour for the object, class or person number `index`: hues a golden section of the circle apart."""
    red, green, blue = colorsys.hsv_to_rgb(index * _GOLDEN_SECTION % 1.0, 0.85, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def class_colours(indices: Sequence[int]) -> NDArray[np.uint8]:
    """The colours of classes, ``[count, 3]``."""
    return np.array([class_colour(index) for index in indices], np.uint8).reshape(-1, 3)


def heat_map(values: NDArray[np.float64]) -> Image.Image:
    """Values of 0 to 1, ``[height, width]``, as colours that get brighter."""
    positions = np.linspace(0.0, 1.0, len(_HEAT))
    channels = [np.interp(values, positions, _HEAT[:, channel]) for channel in range(3)]
    return Image.fromarray(np.round(np.stack(channels, axis=-1)).astype(np.uint8))


class Canvas:
    """A copy of a picture to draw in; coordinates are pixels, y before x as in arrays."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture.convert("RGB")
        self._draw = ImageDraw.Draw(self.picture)
        shorter = min(self.picture.size)
        self._line = max(1, shorter // _LINE_PART)
        self._font = ImageFont.load_default(max(_LEAST_TEXT, shorter // _TEXT_PART))

    def box(self, top: float, left: float, bottom: float, right: float, colour: Colour, caption: str) -> None:
        """A rectangle and, at its upper left corner, a caption."""
        self._draw.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=2 * self._line)
        self.caption(top, left, colour, caption)

    def caption(self, top: float, left: float, colour: Colour, text: str) -> None:
        """Text on a plate of a colour, above the point if there is room."""
        if not text:
            return
        _, _, width, height = self._draw.textbbox((0, 0), text, font=self._font)
        x = min(max(left, 0), max(0, self.picture.width - width))
        y = top - height if top >= height else max(top, 0)
        self._draw.rectangle((x, y, x + width, y + height), fill=colour)
        self._draw.text((x, y), text, fill=_readable_on(colour), font=self._font)

    def lines(self, texts: Sequence[str], colours: Sequence[Colour]) -> None:
        """Captions below each other in the upper left corner."""
        y = 0.0
        for text, colour in zip(texts, colours, strict=True):
            _, _, width, height = self._draw.textbbox((0, 0), text, font=self._font)
            self._draw.rectangle((0, y, width, y + height), fill=colour)
            self._draw.text((0, y), text, fill=_readable_on(colour), font=self._font)
            y += height

    def line(self, start: NDArray[np.float64], end: NDArray[np.float64], colour: Colour) -> None:
        """A line between two points."""
        self._draw.line((start[1], start[0], end[1], end[0]), fill=colour, width=2 * self._line)

    def point(self, place: NDArray[np.float64], colour: Colour) -> None:
        """A dot."""
        radius = 2 * self._line
        y, x = place
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=_BLACK)


def _readable_on(colour: Colour) -> Colour:
    red, green, blue = colour
    # Weights of the eye's sensitivity, ITU-R BT.601.
    return _BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else _WHITE
