"""Image classification: which classes a picture belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from npu_hal.api import Array, InvalidInput
from npu_hal.inputs.image import open_picture
from npu_hal.tasks.drawing import Canvas
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import RatedClass, is_rating, real_values, top_classes
from npu_hal.tasks.picture import PictureInput, picture_layout
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file

_PLATE = (255, 255, 255)


class Classify:
    """Takes a picture, stretched to the input; the model's only output rates classes."""

    name: ClassVar[str] = "classify"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"labels", "threshold", "pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self._input = PictureInput(interface, settings, self.name)
        if len(interface.outputs) != 1 or not is_rating(interface.outputs[0]):
            shapes = ", ".join(str(list(tensor.shape)) for tensor in interface.outputs)
            raise InvalidInput(f"the task classify takes a model with one output that rates classes, not {shapes}")
        self.output = interface.outputs[0]
        self.labels = fitting_labels(settings, interface, self.output.size)
        self.settings = settings

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether a picture goes in, and a rating of several classes comes out."""
        outputs = interface.outputs
        return picture_layout(interface) is not None and len(outputs) == 1 and is_rating(outputs[0])

    def prepare(self, files: Sequence[Path]) -> "_ClassifyJob":
        """One inference on one picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        elements, _ = self._input.stretch(picture)
        return _ClassifyJob(self, picture, [[elements]])


@dataclass(frozen=True, slots=True)
class Classification:
    """The classes that a picture was given, the likeliest first."""

    picture: Image.Image
    classes: tuple[RatedClass, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"classes": [{"index", "label", "score"}]}``."""
        return {"classes": [class_json(rated) for rated in self.classes]}

    def table(self) -> ResultTable:
        """A row for each class."""
        return ResultTable("the picture's classes", ("class ", "score ", "label"), class_rows(self.classes))

    def draw(self) -> Image.Image:
        """The picture with the classes' names in its corner."""
        canvas = Canvas(self.picture)
        canvas.lines(
            [f" {class_name(rated)} {rated.score:.2f} " for rated in self.classes], [_PLATE] * len(self.classes)
        )
        return canvas.picture


@dataclass(frozen=True, slots=True)
class _ClassifyJob:
    task: Classify
    picture: Image.Image
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Classification:
        settings = self.task.settings
        check_finite(real_values(outputs[0][0], self.task.output), "ratings")
        rated = top_classes(outputs[0][0], self.task.output, settings.top, self.task.labels)
        if settings.threshold is not None:
            rated = [entry for entry in rated if entry.score > settings.threshold]
        return Classification(self.picture, tuple(rated))


def fitting_labels(settings: TaskSettings, interface: ModelInterface, classes: int) -> tuple[str, ...] | None:
    """The users' names of the classes, or else the model's own; raises `InvalidInput` if users' are too few or many."""
    if settings.labels is not None:
        if len(settings.labels) != classes:
            raise InvalidInput(
                f"the labels file names {len(settings.labels)} classes, but the model rates {classes}; it belongs to "
                f"another model"
            )
        return settings.labels
    own = interface.metadata.labels
    return own if own is not None and len(own) == classes else None


def class_name(rated: RatedClass) -> str:
    """The label of a class, or its number."""
    return rated.label or f"class {rated.index}"


def class_json(rated: RatedClass) -> dict[str, Any]:
    """A rated class as a JSON object."""
    return {"index": rated.index, "label": rated.label, "score": rated.score}


def class_rows(classes: Sequence[RatedClass]) -> tuple[tuple[str, ...], ...]:
    """Rated classes as rows of number, score and label."""
    return tuple((str(rated.index), f"{rated.score:.4f}", rated.label or "") for rated in classes)
