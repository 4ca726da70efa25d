"""Pose estimation: where people's joints are in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.image import open_picture
from npu_hal.tasks.drawing import Canvas, object_colour
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.picture import PictureInput, Placement
from npu_hal.tasks.poses.body import Body, PoseForm
from npu_hal.tasks.poses.movenet import MoveNet
from npu_hal.tasks.poses.posenet import PoseNet
from npu_hal.tasks.poses.skeleton import KEY_POINTS, LIMBS
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file

THRESHOLD = 0.25
_MOST_PEOPLE = 10
# Key points less sure than this are not drawn.
_DRAWN_SCORE = 0.2


class Pose:
    """Takes a picture, in its proportions; the model's outputs have one of the forms in `npu_hal.tasks.poses`."""

    name: ClassVar[str] = "pose"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"threshold", "pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self._input = PictureInput(interface, settings, self.name)
        form = _form(interface)
        if form is None:
            shapes = ", ".join(f"{tensor.name!r} {list(tensor.shape)}" for tensor in interface.outputs)
            raise InvalidInput(
                f"how the model's outputs {shapes} tell key points is not known; the task pose reads MoveNet's "
                f"[1, 1, 17, 3] and PoseNet's heat maps with short and mid-range offsets"
            )
        self.form: PoseForm = form
        self.outputs: tuple[Tensor, ...] = interface.outputs
        self.threshold = THRESHOLD if settings.threshold is None else settings.threshold
        if not 0 <= self.threshold < 1:
            raise InvalidInput(f"the scores of the task pose lie between 0 and 1; {self.threshold} is no threshold")

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the outputs have one of the known forms."""
        return _form(interface) is not None

    def prepare(self, files: Sequence[Path]) -> "_PoseJob":
        """One inference on one picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        elements, placement = self._input.letterbox(picture)
        return _PoseJob(self, picture, placement, [[elements]])


@dataclass(frozen=True, slots=True)
class Poses:
    """The people in a picture, surest first; key points in pixels of the picture."""

    picture: Image.Image
    people: tuple[Body, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"picture": {"width", "height"}, "people": [{"score", "points": [{"name", "y", "x", "score"}]}]}``."""
        people = [
            {
                "score": body.score,
                "points": [
                    {"name": name, "y": y, "x": x, "score": score}
                    for name, (y, x), score in zip(KEY_POINTS, body.points.tolist(), body.scores.tolist(), strict=True)
                ],
            }
            for body in self.people
        ]
        return {"picture": {"width": self.picture.width, "height": self.picture.height}, "people": people}

    def table(self) -> ResultTable:
        """A row for each key point of each person."""
        rows = tuple(
            (str(number), name, f"{x:.0f}", f"{y:.0f}", f"{score:.4f}")
            for number, body in enumerate(self.people, 1)
            for name, (y, x), score in zip(KEY_POINTS, body.points.tolist(), body.scores.tolist(), strict=True)
        )
        return ResultTable(f"people found: {len(self.people)}", ("person ", "key point", "x ", "y ", "score "), rows)

    def draw(self) -> Image.Image:
        """The picture with the skeletons of the key points that are sure enough."""
        canvas = Canvas(self.picture)
        for number, body in enumerate(self.people, 1):
            colour = object_colour(number)
            is_drawn = body.scores > _DRAWN_SCORE
            for start, end in LIMBS:
                if is_drawn[start] and is_drawn[end]:
                    canvas.line(body.points[start], body.points[end], colour)
            for point in body.points[is_drawn]:
                canvas.point(point, colour)
            if is_drawn.any():
                top, left = body.points[is_drawn].min(axis=0).tolist()
                canvas.caption(top, left, colour, f"{body.score:.2f}")
        return canvas.picture


@dataclass(frozen=True, slots=True)
class _PoseJob:
    task: Pose
    picture: Image.Image
    placement: Placement
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Poses:
        task = self.task
        real = [real_values(values, tensor) for values, tensor in zip(outputs[0], task.outputs, strict=True)]
        for values in real:
            check_finite(values, "key points")
        bodies = task.form.decode(real, task.threshold, _MOST_PEOPLE)
        return Poses(self.picture, tuple(Body(self._place(body), body.scores) for body in bodies))

    def _place(self, body: Body) -> np.ndarray[Any, np.dtype[np.float64]]:
        return self.placement.to_picture(body.points)


def _form(interface: ModelInterface) -> PoseForm | None:
    return MoveNet.of(interface) or PoseNet.of(interface)
