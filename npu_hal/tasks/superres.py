"""Super resolution: a picture with more pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.image import ImageLayout, open_picture
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.picture import PictureInput
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file

# Pixels at a tile's edges that its neighbours cover too: there the model lacks a part of what it looks at.
_MARGIN = 16


class SuperResolution:
    """Takes a picture of any size in tiles of the input's size.

    Models of three channels take the picture in RGB. Those of one channel take its luma, Y of YCbCr, and the chroma is
    enlarged bicubically, as in the papers on such models (SRCNN, arXiv:1501.00092; ESPCN, arXiv:1609.05158).
    """

    name: ClassVar[str] = "superres"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self.input = PictureInput(interface, settings, self.name)
        factor = _factor(interface)
        if factor is None:
            taken = list(interface.inputs[0].shape)
            shapes = ", ".join(str(list(tensor.shape)) for tensor in interface.outputs)
            raise InvalidInput(
                f"the task superres takes a model whose output is a picture as its input {taken}, "
                f"with whole times as many rows and columns, not {shapes}"
            )
        self.factor = factor
        self.output: Tensor = interface.outputs[0]
        black, white = self.input.real_range()
        if black == white:
            raise InvalidInput(f"black and white pixels are both {black} to the model, which leaves no picture")

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the output is a picture as the input, but larger."""
        return _factor(interface) is not None

    def prepare(self, files: Sequence[Path]) -> "_SuperResolutionJob":
        """One inference on each tile of the picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        layout = self.input.layout
        source = picture if layout.channels == 3 else picture.convert("YCbCr").getchannel("Y")
        rows = _tiles(picture.height, layout.height)
        columns = _tiles(picture.width, layout.width)
        pixels = np.asarray(source)
        return _SuperResolutionJob(
            self,
            picture,
            rows,
            columns,
            [[self.input.elements(self._tile(pixels, top, left))] for top in rows for left in columns],
        )

    def pixels(self, output: Array) -> NDArray[np.uint8]:
        """The output as pixels ``[H, W, C]``."""
        layout = ImageLayout.of(self.output)
        assert layout is not None  # the factor would be None
        real = real_values(output, self.output)
        check_finite(real, "pixels")
        # Pictures come out in the range of real numbers in which they go in.
        black, white = self.input.real_range()
        levels = (real - black) / (white - black) * 255
        pixels = np.clip(np.round(levels), 0, 255).astype(np.uint8)
        if layout.is_planar:
            return pixels.reshape(layout.channels, layout.height, layout.width).transpose(1, 2, 0)
        return pixels.reshape(layout.height, layout.width, layout.channels)

    def _tile(self, pixels: NDArray[np.uint8], top: int, left: int) -> Image.Image:
        """The part of the picture that goes in at once; beyond its end the last pixels are repeated."""
        layout = self.input.layout
        part = pixels[top : top + layout.height, left : left + layout.width]
        missing = ((0, layout.height - part.shape[0]), (0, layout.width - part.shape[1]))
        return Image.fromarray(np.pad(part, (*missing, (0, 0))[: part.ndim], mode="edge"))


@dataclass(frozen=True, slots=True)
class Enlargement:
    """A picture and what became of it."""

    original: Image.Image
    enlarged: Image.Image
    tiles: int

    def as_json(self) -> dict[str, Any]:
        """``{"from": {"width", "height"}, "to": {"width", "height"}, "tiles"}``; the picture itself is drawn."""
        sizes = {
            name: {"width": picture.width, "height": picture.height}
            for name, picture in (("from", self.original), ("to", self.enlarged))
        }
        return {**sizes, "tiles": self.tiles}

    def table(self) -> ResultTable:
        """The sizes."""
        return ResultTable(
            f"{self.original.width}x{self.original.height} pixels became "
            f"{self.enlarged.width}x{self.enlarged.height}, in {self.tiles} tiles"
        )

    def draw(self) -> Image.Image:
        """The enlarged picture."""
        return self.enlarged


@dataclass(frozen=True, slots=True)
class _SuperResolutionJob:
    task: SuperResolution
    picture: Image.Image
    rows: list[int]
    columns: list[int]
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Enlargement:
        task, layout = self.task, self.task.input.layout
        factor = task.factor
        height, width = self.picture.height * factor, self.picture.width * factor
        enlarged = np.zeros((height, width, layout.channels), np.uint8)
        places = [(top, left) for top in self.rows for left in self.columns]
        for (top, left), (output,) in zip(places, outputs, strict=True):
            # Tiles go from left to right and downwards: each covers the margins of those before it.
            skipped = [_MARGIN if place else 0 for place in (top, left)]
            tile = task.pixels(output)[skipped[0] * factor :, skipped[1] * factor :]
            y, x = (top + skipped[0]) * factor, (left + skipped[1]) * factor
            target = enlarged[y : y + tile.shape[0], x : x + tile.shape[1]]
            target[...] = tile[: target.shape[0], : target.shape[1]]
        return Enlargement(self.picture, self._with_colour(enlarged), len(places))

    def _with_colour(self, pixels: NDArray[np.uint8]) -> Image.Image:
        if pixels.shape[2] == 3:
            return Image.fromarray(pixels)
        size = pixels.shape[1], pixels.shape[0]
        chroma = self.picture.convert("YCbCr").resize(size, Image.Resampling.BICUBIC).split()[1:]
        return Image.merge("YCbCr", (Image.fromarray(pixels[:, :, 0]), *chroma)).convert("RGB")


def _factor(interface: ModelInterface) -> int | None:
    """How many times as many rows and columns the output has; None if it is no such picture."""
    if len(interface.inputs) != 1 or len(interface.outputs) != 1:
        return None
    small, large = ImageLayout.of(interface.inputs[0]), ImageLayout.of(interface.outputs[0])
    if small is None or large is None or small.channels not in (1, 3):
        return None
    if (small.channels, small.is_planar) != (large.channels, large.is_planar):
        return None
    factor = large.height // small.height
    is_whole = (large.height, large.width) == (small.height * factor, small.width * factor)
    return factor if is_whole and factor > 1 else None


def _tiles(length: int, tile: int) -> list[int]:
    """Where tiles start that cover `length` pixels: margins overlap, and the last ends with the picture."""
    if length <= tile:
        return [0]
    step = max(1, tile - 2 * _MARGIN)
    return [*range(0, length - tile, step), length - tile]
