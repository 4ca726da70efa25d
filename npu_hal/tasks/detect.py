"""Object detection: what is where in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.image import open_picture
from npu_hal.tasks.detection.blazeface import BlazeFace
from npu_hal.tasks.detection.candidates import Candidates
from npu_hal.tasks.detection.form import DetectorForm
from npu_hal.tasks.detection.postprocessed import Postprocessed
from npu_hal.tasks.detection.ssd import RawSsd, SsdWithAnchors
from npu_hal.tasks.detection.yolo import YoloFace
from npu_hal.tasks.drawing import Canvas, object_colour
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.picture import PictureInput, Placement
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file

_FORMS = (Postprocessed, RawSsd, SsdWithAnchors, BlazeFace, YoloFace)

THRESHOLD = 0.5
_MOST_OBJECTS = 100

# How label files mark numbers that no class has.
_NO_CLASS = ("n/a", "???")


class Detect:
    """Takes a picture; the model's outputs have one of the forms in `npu_hal.tasks.detection`."""

    name: ClassVar[str] = "detect"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"labels", "threshold", "pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self._input = PictureInput(interface, settings, self.name)
        form = _form(interface)
        if form is None:
            shapes = ", ".join(f"{tensor.name!r} {list(tensor.shape)}" for tensor in interface.outputs)
            raise InvalidInput(
                f"how the model's outputs {shapes} tell boxes is not known; the task detect reads the outputs of "
                f"TFLite_Detection_PostProcess, of SSD with the usual or given anchors, BlazeFace and NXP's YOLO face"
            )
        self.form: DetectorForm = form
        self.outputs: tuple[Tensor, ...] = interface.outputs
        self.threshold = THRESHOLD if settings.threshold is None else settings.threshold
        self._labels = _labels(form, settings, interface)

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the outputs have one of the known forms."""
        return _form(interface) is not None

    def prepare(self, files: Sequence[Path]) -> "_DetectJob":
        """One inference on one picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        ground = self.form.ground
        fit = self._input.stretch(picture) if ground is None else self._input.letterbox(picture, ground)
        elements, placement = fit
        return _DetectJob(self, picture, placement, [[elements]])

    def label(self, index: int) -> str | None:
        """The name of a class by its number in the model."""
        position = index - self.form.background
        return self._labels[position] if self._labels is not None and 0 <= position < len(self._labels) else None


@dataclass(frozen=True, slots=True)
class DetectedObject:
    """A class, how sure it is, and its box in pixels of the picture; `points` are marks in it, as (y, x)."""

    index: int
    label: str | None
    score: float
    top: float
    left: float
    bottom: float
    right: float
    points: tuple[tuple[float, float], ...] = ()

    @property
    def caption(self) -> str:
        """The label, or the class's number, and the score."""
        return f"{self.label or f'class {self.index}'} {self.score:.2f}"

    def as_json(self) -> dict[str, Any]:
        """The box as ``{"top", "left", "bottom", "right"}``, points as ``{"y", "x"}``."""
        box = {"top": self.top, "left": self.left, "bottom": self.bottom, "right": self.right}
        return {
            "index": self.index,
            "label": self.label,
            "score": self.score,
            "box": box,
            "points": [{"y": y, "x": x} for y, x in self.points],
        }


@dataclass(frozen=True, slots=True)
class Detection:
    """The objects in a picture, the surest first."""

    picture: Image.Image
    objects: tuple[DetectedObject, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"picture": {"width", "height"}, "objects": [...]}``, boxes in pixels."""
        size = {"width": self.picture.width, "height": self.picture.height}
        return {"picture": size, "objects": [found.as_json() for found in self.objects]}

    def table(self) -> ResultTable:
        """A row for each object."""
        rows = tuple(
            (
                str(found.index),
                f"{found.score:.4f}",
                *(f"{edge:.0f}" for edge in (found.left, found.top, found.right, found.bottom)),
                found.label or "",
            )
            for found in self.objects
        )
        columns = ("class ", "score ", "left ", "top ", "right ", "bottom ", "label")
        return ResultTable(f"objects found: {len(self.objects)}", columns, rows)

    def draw(self) -> Image.Image:
        """The picture with a box around each object."""
        canvas = Canvas(self.picture)
        for found in reversed(self.objects):
            colour = object_colour(found.index)
            canvas.box(found.top, found.left, found.bottom, found.right, colour, found.caption)
            for point in found.points:
                canvas.point(np.array(point), colour)
        return canvas.picture


@dataclass(frozen=True, slots=True)
class _DetectJob:
    task: Detect
    picture: Image.Image
    placement: Placement
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Detection:
        task = self.task
        real = [real_values(values, tensor) for values, tensor in zip(outputs[0], task.outputs, strict=True)]
        found = task.form.decode(real, task.threshold, _MOST_OBJECTS)
        check_finite(found.boxes, "boxes")
        check_finite(found.points, "points")
        return Detection(self.picture, tuple(self._object(found, position) for position in range(len(found))))

    def _object(self, found: Candidates, position: int) -> DetectedObject:
        limit = np.array([self.picture.height, self.picture.width])
        corners = self.placement.to_picture(found.boxes[position].reshape(2, 2))
        (top, left), (bottom, right) = np.clip(corners, 0, limit).tolist()
        points = self.placement.to_picture(found.points[position]).tolist()
        index = int(found.classes[position])
        return DetectedObject(
            index=index,
            label=self.task.label(index),
            score=float(found.scores[position]),
            top=top,
            left=left,
            bottom=bottom,
            right=right,
            points=tuple((y, x) for y, x in points),
        )


def _form(interface: ModelInterface) -> DetectorForm | None:
    for form in _FORMS:
        found: DetectorForm | None = form.of(interface)
        if found is not None:
            return found
    return None


def _labels(form: DetectorForm, settings: TaskSettings, interface: ModelInterface) -> tuple[str, ...] | None:
    """The names of the classes after the background."""
    labels = settings.labels if settings.labels is not None else interface.metadata.labels or form.labels
    if labels is None or form.classes is None or len(labels) == form.classes:
        return labels
    if len(labels) == form.classes + form.background:
        return labels[form.background :]
    named = tuple(label for label in labels if label not in _NO_CLASS)
    if len(named) == form.classes:
        return named
    if settings.labels is None:
        return None
    raise InvalidInput(
        f"the labels file names {len(labels)} classes, but the model rates {form.classes}; it belongs to another model"
    )
