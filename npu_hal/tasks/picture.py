"""Pictures as a model's input, and places in them: what lies where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.image import ImageLayout, pixel_elements
from npu_hal.inputs.pixel_range import UNIT_RANGE
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.task import TaskSettings

_MODES = {1: "L", 3: "RGB"}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where in an input of `width` times `height` a picture lies: at `left`, `top`, scaled by `scale_x`, `scale_y`."""

    width: int
    height: int
    left: float
    top: float
    scale_x: float
    scale_y: float

    def to_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points ``[..., 2]``, y before x, in fractions of the input's height and width, as pixels of the picture."""
        y = (points[..., 0] * self.height - self.top) / self.scale_y
        x = (points[..., 1] * self.width - self.left) / self.scale_x
        return np.stack([y, x], axis=-1)


class PictureInput:
    """A model's only input, if it takes a picture."""

    def __init__(self, interface: ModelInterface, settings: TaskSettings, task: str) -> None:
        layout = picture_layout(interface)
        if layout is None:
            shapes = ", ".join(f"{tensor.dtype}{list(tensor.shape)}" for tensor in interface.inputs)
            raise InvalidInput(
                f"the task {task} takes a model with one picture of 1 or 3 channels as its input, not {shapes}"
            )
        self.layout = layout
        self._tensor: Tensor = interface.inputs[0]
        # Quantised inputs take pixels as they are, whatever real numbers these mean, unless users say otherwise.
        is_quantized = self._tensor.dtype.is_integer
        self._range = settings.pixel_range or (None if is_quantized else interface.pixel_range)

    def stretch(self, picture: Image.Image) -> tuple[Array, Placement]:
        """The picture resized to the whole input, with no regard to its proportions."""
        layout = self.layout
        resized = picture.resize((layout.width, layout.height), Image.Resampling.BILINEAR)
        placement = Placement(
            layout.width, layout.height, 0.0, 0.0, layout.width / picture.width, layout.height / picture.height
        )
        return self.elements(resized), placement

    def letterbox(self, picture: Image.Image, grey: int = 0) -> tuple[Array, Placement]:
        """The picture in its proportions in the middle of the input, the rest filled with a level of grey."""
        layout = self.layout
        scale = min(layout.width / picture.width, layout.height / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        left, top = (layout.width - size[0]) // 2, (layout.height - size[1]) // 2
        canvas = Image.new("RGB", (layout.width, layout.height), (grey, grey, grey))
        canvas.paste(picture.resize(size, Image.Resampling.BILINEAR), (left, top))
        placement = Placement(layout.width, layout.height, left, top, size[0] / picture.width, size[1] / picture.height)
        return self.elements(canvas), placement

    def real_range(self) -> tuple[float, float]:
        """The real numbers that black and white are to the model."""
        if self._range is not None:
            return self._range.black, self._range.white
        if not self._tensor.dtype.is_integer:
            return UNIT_RANGE.black, UNIT_RANGE.white
        lowest, _ = self._tensor.dtype.integer_range
        black, white = real_values(np.array([lowest, lowest + 255]), self._tensor).tolist()
        return black, white

    def elements(self, picture: Image.Image) -> Array:
        """The input's elements for a picture of its size."""
        layout = self.layout
        pixels = np.asarray(picture.convert(_MODES[layout.channels]), np.uint8)
        pixels = pixels.reshape(layout.height, layout.width, layout.channels)
        return pixel_elements(pixels, self._tensor, layout, self._range)


def picture_layout(interface: ModelInterface) -> ImageLayout | None:
    """The layout of the model's only input, if it is a picture of 1 or 3 channels in a batch of one."""
    if len(interface.inputs) != 1 or interface.inputs[0].rank != 4:
        return None
    layout = ImageLayout.of(interface.inputs[0])
    return layout if layout is not None and layout.channels in _MODES else None
