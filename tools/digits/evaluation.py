"""What a .tflite model makes of images, by TFLite's reference kernels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from npu_hal.api import Array
from tools.digits.dataset import Digits

# What a pixel of 0..255 is in each element type; the input quantisations of the models say the same.
_PREPARED: dict[Any, Callable[[Array], Array]] = {
    np.uint8: lambda pixels: pixels,
    np.int8: lambda pixels: (pixels.astype(np.int16) - 128).astype(np.int8),
    np.float32: lambda pixels: (pixels / 255.0).astype(np.float32),
}


def classify(model: bytes, digits: Digits) -> NDArray[np.int64]:
    """For each image the class with the model's largest output, ``[count]``."""
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    (x,), (y,) = interpreter.get_input_details(), interpreter.get_output_details()
    classes = np.empty(len(digits), np.int64)
    for position, image in enumerate(_PREPARED[x["dtype"]](digits.pixels)):
        interpreter.set_tensor(x["index"], image[np.newaxis])
        interpreter.invoke()
        classes[position] = interpreter.get_tensor(y["index"])[0].argmax()
    return classes
