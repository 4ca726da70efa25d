"""Files as a model's inputs: images, sounds, arrays, or random values."""

from npu_hal.inputs.load import load_inputs
from npu_hal.inputs.pixel_range import PixelRange
from npu_hal.inputs.random_values import random_values

__all__ = ["PixelRange", "load_inputs", "random_values"]
