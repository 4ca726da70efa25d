"""The digits models of examples/digits, and what LiteRT's reference kernels make of them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.litert import run_file

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "digits"
LABELS = FOLDER / "labels.txt"
SCHEMES = ("uint8", "int8", "float32")


def model(scheme: str) -> Path:
    return FOLDER / f"digits_{scheme}.tflite"


def sample(digit: int) -> Path:
    return FOLDER / f"digit_{digit}.png"


def sample_input(digit: int, scheme: str) -> NDArray[Any]:
    """The sample image as the model's README says that it takes pixels."""
    with Image.open(sample(digit)) as image:
        pixels = np.array(image)[np.newaxis, :, :, np.newaxis]
    match scheme:
        case "uint8":
            return pixels
        case "int8":
            return (pixels.astype(np.int16) - 128).astype(np.int8)
        case _:
            return pixels.astype(np.float32) / np.float32(255)


def reference_output(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """The first output of a model with one input, by BUILTIN_REF."""
    return run_file(path.read_bytes(), [values])[0]
