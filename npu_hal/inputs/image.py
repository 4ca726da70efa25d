"""Images as inputs, read by Pillow."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal.inputs.pixel_range import UNIT_RANGE, PixelRange
from npu_hal.inputs.quantize_real import quantize_real

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def load_image(path: Path, tensor: Tensor, pixel_range: PixelRange | None = None) -> Array:
    """The image at `path`, resized to the tensor's height and width, with as many channels as it has.

    The tensor is ``[1, H, W, C]``, ``[H, W, C]`` or ``[1, C, H, W]`` with C = 1 (grey), 3 or 4. Without a
    `pixel_range` the usual conventions hold: uint8 takes the pixels as they are, int8 the pixels minus 128, float32
    the pixels divided by 255. With one, pixels become real numbers of that range, quantised by the tensor's scale and
    zero point. Raises `InvalidInput`.
    """
    height, width, channels, is_planar = _layout(path, tensor)
    pixels = _read(path, height, width, channels)
    if is_planar:
        pixels = pixels.transpose(2, 0, 1)
    elements = _elements(pixels, tensor, pixel_range)
    return np.ascontiguousarray(elements.reshape(tensor.shape))


def _layout(path: Path, tensor: Tensor) -> tuple[int, int, int, bool]:
    """Height, width, channels, and whether channels come first."""
    shape = tensor.shape[1:] if tensor.rank == 4 and tensor.shape[0] == 1 else tensor.shape
    if len(shape) == 3 and min(shape) > 0:
        if shape[2] in _MODES:
            return shape[0], shape[1], shape[2], False
        if shape[0] in _MODES:
            return shape[1], shape[2], shape[0], True
    raise InvalidInput(
        f"{path} is an image, but input {tensor.name!r} is {tensor.dtype}{list(tensor.shape)}, which holds no image "
        f"of 1, 3 or 4 channels; give it an .npy file"
    )


def _read(path: Path, height: int, width: int, channels: int) -> Array:
    """Pixels uint8 ``[height, width, channels]``."""
    try:
        # Pillow warns of huge images before it refuses still larger ones; both are no input of a model.
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = image.convert(_MODES[channels])
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise InvalidInput(f"{path} is no image of a format that Pillow reads") from None
    # Pillow's decoders report damaged files by many types, and none that they have in common.
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning) as error:
        raise InvalidInput(f"the image {path} could not be read: {error}") from None
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.uint8).reshape(height, width, channels)


def _elements(pixels: Array, tensor: Tensor, pixel_range: PixelRange | None) -> Array:
    if pixel_range is None and tensor.dtype is DType.UINT8:
        return pixels
    if pixel_range is None and tensor.dtype is DType.INT8:
        return (pixels.astype(np.int16) - 128).astype(np.int8)
    chosen = pixel_range or UNIT_RANGE
    return quantize_real(chosen.black + pixels / 255.0 * (chosen.white - chosen.black), tensor)
