"""Depth estimation: how far away the parts of a picture are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.image import ImageLayout, open_picture
from npu_hal.tasks.drawing import heat_map
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.picture import PictureInput
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file


class Depth:
    """Takes a picture, stretched to the input; the only output is a map of one channel."""

    name: ClassVar[str] = "depth"
    product: ClassVar[Product] = Product.PICTURE
    takes: ClassVar[frozenset[str]] = frozenset({"pixel_range"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        self._input = PictureInput(interface, settings, self.name)
        layout = ImageLayout.of(interface.outputs[0]) if len(interface.outputs) == 1 else None
        if layout is None or layout.channels != 1:
            shapes = ", ".join(str(list(tensor.shape)) for tensor in interface.outputs)
            raise InvalidInput(f"the task depth takes a model with one output of one channel, not {shapes}")
        self.output: Tensor = interface.outputs[0]
        self.layout = layout

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Never: a map of one channel may as well be a mask or a picture in grey."""
        return False

    def prepare(self, files: Sequence[Path]) -> "_DepthJob":
        """One inference on one picture."""
        picture = open_picture(one_file(files, self.name, "picture"))
        elements, _ = self._input.stretch(picture)
        return _DepthJob(self, picture.size, [[elements]])


@dataclass(frozen=True, slots=True, eq=False)
class DepthMap:
    """What the model gives for each part of a picture, ``[H, W]``, in the model's unit; and the picture's size."""

    values: NDArray[np.float64]
    size: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """``{"map": {"width", "height"}, "min", "max", "mean"}``; the map itself is drawn."""
        height, width = self.values.shape
        return {"map": {"width": width, "height": height}, **dict(self._statistics())}

    def table(self) -> ResultTable:
        """Extremes and mean."""
        row = tuple(f"{value:.4f}" for _, value in self._statistics())
        return ResultTable("depths in the model's unit", ("min ", "max ", "mean "), (row,))

    def draw(self) -> Image.Image:
        """The map in the picture's size: the least values dark blue, the highest yellow."""
        low, high = float(self.values.min()), float(self.values.max())
        scaled = (self.values - low) / (high - low) if high > low else np.zeros_like(self.values)
        return heat_map(scaled).resize(self.size, Image.Resampling.BILINEAR)

    def _statistics(self) -> list[tuple[str, float]]:
        return [(name, float(getattr(self.values, name)())) for name in ("min", "max", "mean")]


@dataclass(frozen=True, slots=True)
class _DepthJob:
    task: Depth
    size: tuple[int, int]
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> DepthMap:
        layout = self.task.layout
        values = real_values(outputs[0][0], self.task.output).reshape(layout.height, layout.width)
        check_finite(values, "depths")
        return DepthMap(values, self.size)
