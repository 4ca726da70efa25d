"""Images as inputs, read by Pillow."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal.inputs.pixel_range import UNIT_RANGE, PixelRange
from npu_hal.inputs.quantize_real import quantize_real

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}

# White of 16 bits over white of 8.
_LEVELS_16_TO_8 = 65535 / 255
# Kinds of files that have 16 bits where Pillow gives 32, as it does for PNG before release 11.
_KINDS_OF_16_BITS = ("PNG", "PPM")


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """How a tensor holds an image: its size in pixels, 1, 3 or 4 channels, and whether these come first."""

    height: int
    width: int
    channels: int
    is_planar: bool

    @classmethod
    def of(cls, tensor: Tensor) -> "ImageLayout | None":
        """The layout of ``[1, H, W, C]``, ``[H, W, C]`` or ``[1, C, H, W]``; None for any other shape."""
        shape = tensor.shape[1:] if tensor.rank == 4 and tensor.shape[0] == 1 else tensor.shape
        if len(shape) == 3 and min(shape) > 0:
            if shape[2] in _MODES:
                return cls(shape[0], shape[1], shape[2], False)
            if shape[0] in _MODES:
                return cls(shape[1], shape[2], shape[0], True)
        return None


def load_image(path: Path, tensor: Tensor, pixel_range: PixelRange | None = None) -> Array:
    """The image at `path`, resized to the tensor's height and width, with as many channels as it has.

    The tensor has an `ImageLayout`; its elements are those of `pixel_elements`. Raises `InvalidInput`.
    """
    layout = ImageLayout.of(tensor)
    if layout is None:
        raise InvalidInput(
            f"{path} is an image, but input {tensor.name!r} is {tensor.dtype}{list(tensor.shape)}, which holds no "
            f"image of 1, 3 or 4 channels; give it an .npy file"
        )
    picture = open_picture(path, _MODES[layout.channels])
    if picture.size != (layout.width, layout.height):
        picture = picture.resize((layout.width, layout.height), Image.Resampling.BILINEAR)
    pixels = np.asarray(picture, np.uint8).reshape(layout.height, layout.width, layout.channels)
    return pixel_elements(pixels, tensor, layout, pixel_range)


def open_picture(path: Path, mode: str = "RGB") -> Image.Image:
    """The image at `path`, upright, in one of Pillow's modes; raises `InvalidInput`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of transparent palettes, odd tags and more that is no matter to the pixels.
            warnings.simplefilter("ignore")
            # It warns of huge images before it refuses still larger ones; both are no input of a model.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return _of_8_bits(ImageOps.exif_transpose(image), image.format, path).convert(mode)
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise InvalidInput(f"{path} is no image of a format that Pillow reads") from None
    # Pillow's decoders report damaged files by many types, and none that they have in common.
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, Image.DecompressionBombError, Warning) as error:
        raise InvalidInput(f"the image {path} could not be read: {error}") from None


def _of_8_bits(image: Image.Image, kind: str | None, path: Path) -> Image.Image:
    """The image, of a `kind` of file, with levels of 0 to 255, to which Pillow would clip wider ones.

    Raises `InvalidInput`.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and kind in _KINDS_OF_16_BITS):
        return Image.fromarray(np.round(np.asarray(image) / _LEVELS_16_TO_8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise InvalidInput(
            f"the image {path} has levels of 32 bits, and nothing tells which are black and white; save it with 8 or "
            f"16 bits, or give an .npy file"
        )
    return image


def pixel_elements(pixels: Array, tensor: Tensor, layout: ImageLayout, pixel_range: PixelRange | None = None) -> Array:
    """The elements of `tensor` for pixels, uint8 ``[height, width, channels]`` of its `layout`.

    Without a `pixel_range` the usual conventions hold: uint8 takes the pixels as they are, int8 the pixels minus 128,
    float32 the pixels divided by 255. With one, pixels become real numbers of that range, quantised by the tensor's
    scale and zero point. Raises `InvalidInput`.
    """
    if layout.is_planar:
        pixels = pixels.transpose(2, 0, 1)
    if pixel_range is None and tensor.dtype is DType.UINT8:
        elements: Array = pixels
    elif pixel_range is None and tensor.dtype is DType.INT8:
        elements = (pixels.astype(np.int16) - 128).astype(np.int8)
    else:
        chosen = pixel_range or UNIT_RANGE
        elements = quantize_real(chosen.black + pixels / 255.0 * (chosen.white - chosen.black), tensor)
    return np.ascontiguousarray(elements.reshape(tensor.shape))
