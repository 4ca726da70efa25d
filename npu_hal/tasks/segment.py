"""Segmentation: which pixels of a picture belong to what."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal.inputs.image import open_picture
from npu_hal.tasks.classify import fitting_labels
from npu_hal.tasks.drawing import Canvas, class_colour, class_colours
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.picture import PictureInput, picture_layout
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file

# How much of the colour of a class, and not of the picture, is shown.
_OPACITY = 0.6
# Classes of less than this part of a picture are not in the drawn legend.
_LEGEND_PART = 0.005


class Segment:
    """Takes a picture, stretched to the input; the output is a class for each pixel, or a rating of classes.

    Classes are integers ``[1, H, W]`` or ``[1, H, W, 1]``, ratings ``[1, H, W, classes]``, of any H and W.
    """

    name: ClassVar[str] = "segment"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"labels", "pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self._input = PictureInput(interface, settings, self.name)
        if len(interface.outputs) != 1 or not (_is_map(interface.outputs[0]) or _is_rating(interface.outputs[0])):
            shapes = ", ".join(f"{tensor.dtype}{list(tensor.shape)}" for tensor in interface.outputs)
            raise InvalidInput(
                f"the task segment takes a model with one output of classes [1, H, W] or ratings [1, H, W, classes], "
                f"not {shapes}"
            )
        self.output: Tensor = interface.outputs[0]
        # The classes of a map are not counted before they occur.
        self.labels = (
            (interface.metadata.labels if settings.labels is None else settings.labels)
            if _is_map(self.output)
            else fitting_labels(settings, interface, self.output.shape[3])
        )

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether a picture goes in, and an integer comes out for each of its pixels, or a rating of several classes.

        Few channels of the picture's size could be another picture, hence more than four.
        """
        layout = picture_layout(interface)
        if layout is None or len(interface.outputs) != 1:
            return False
        output = interface.outputs[0]
        has_size = output.shape[1:3] == (layout.height, layout.width)
        return has_size and (_is_map(output) or (_is_rating(output) and output.shape[3] > 4))

    def prepare(self, files: Sequence[Path]) -> "_SegmentJob":
        """One inference on one picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        elements, _ = self._input.stretch(picture)
        return _SegmentJob(self, picture, [[elements]])


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """A class for each part of a picture: `classes` is ``[H, W]``, of the model's size, not the picture's."""

    picture: Image.Image
    classes: NDArray[np.int64]
    labels: tuple[str, ...] | None

    def shares(self) -> list[tuple[int, float]]:
        """The classes that occur and the part of the picture that each takes, largest first."""
        indices, counts = np.unique(self.classes, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return [(int(indices[place]), float(counts[place] / self.classes.size)) for place in order]

    def label(self, index: int) -> str | None:
        """The name of a class."""
        return self.labels[index] if self.labels is not None and 0 <= index < len(self.labels) else None

    def as_json(self) -> dict[str, Any]:
        """``{"mask": {"width", "height"}, "classes": [{"index", "label", "share"}]}``; the mask itself is drawn."""
        height, width = self.classes.shape
        classes = [{"index": index, "label": self.label(index), "share": share} for index, share in self.shares()]
        return {"mask": {"width": width, "height": height}, "classes": classes}

    def table(self) -> ResultTable:
        """A row for each class that occurs."""
        rows = tuple((str(index), f"{share:.4f}", self.label(index) or "") for index, share in self.shares())
        return ResultTable("what the picture shows", ("class ", "share ", "label"), rows)

    def draw(self) -> Image.Image:
        """The picture under the colours of the classes, all but class 0, the background, and their names."""
        size = self.picture.size
        occurring, places = np.unique(self.classes, return_inverse=True)
        painted = class_colours(occurring.tolist())[places.reshape(self.classes.shape)]
        colours = Image.fromarray(painted).resize(size, Image.Resampling.NEAREST)
        weight = np.where(self.classes > 0, round(255 * _OPACITY), 0).astype(np.uint8)
        mask = Image.fromarray(weight).resize(size, Image.Resampling.NEAREST)
        canvas = Canvas(Image.composite(colours, self.picture, mask))
        shown = [index for index, share in self.shares() if index > 0 and share >= _LEGEND_PART]
        canvas.lines(
            [f" {self.label(index) or f'class {index}'} " for index in shown],
            [class_colour(index) for index in shown],
        )
        return canvas.picture


@dataclass(frozen=True, slots=True)
class _SegmentJob:
    task: Segment
    picture: Image.Image
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Segmentation:
        output = outputs[0][0]
        if _is_map(self.task.output):
            classes = output.reshape(output.shape[1:3]).astype(np.int64)
        else:
            check_finite(real_values(output, self.task.output), "ratings")
            classes = output[0].argmax(axis=-1)
        if classes.size and int(classes.min()) < 0:
            raise InvalidInput(f"the model gave class {int(classes.min())}; the task segment counts classes from 0")
        return Segmentation(self.picture, classes, self.task.labels)


def _is_map(tensor: Tensor) -> bool:
    """Whether the elements are classes."""
    shape = tensor.shape
    is_plane = len(shape) == 3 or (len(shape) == 4 and shape[3] == 1)
    has_classes = tensor.dtype in (DType.INT32, DType.INT64) or (
        tensor.dtype is DType.UINT8 and tensor.quantization is None
    )
    return is_plane and shape[0] == 1 and tensor.size > 0 and has_classes


def _is_rating(tensor: Tensor) -> bool:
    """Whether the elements rate classes."""
    return len(tensor.shape) == 4 and tensor.shape[0] == 1 and tensor.shape[3] > 1 and tensor.size > 0
