"""The shared models, and what TensorFlow Lite's reference kernels make of them."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import tflite

from npu_hal.api import Array, DType, Tensor
from tests.conftest import shared_folder
from tests.model_patches import with_operators_of_version_1, with_vectors_quantised_along_axis_0

# Models that npu-hal cannot express, and says so.
NOT_EXPRESSIBLE = ("quirks/audio_preprocessor_int8.tflite", "quirks/tflm_keyword_scrambled_8bit.tflite")
# Operators of later versions than BUILTIN_REF has registered kernels for.
_NEWER_OPERATORS = (tflite.BuiltinOperator.TILE, tflite.BuiltinOperator.DEPTH_TO_SPACE)
_STEPS_WITH_STATE = 4


@cache
def model_paths() -> tuple[str, ...]:
    """Paths of all models, relative to the folder of models; none without the shared material."""
    index = shared_folder() / "models" / "INDEX.json"
    if not index.is_file():
        return ()
    return tuple(entry["path"] for entry in json.loads(index.read_text())["models"])


def readable_bytes(path: Path) -> bytes:
    """A model's file, changed where BUILTIN_REF would not take it."""
    return with_vectors_quantised_along_axis_0(with_operators_of_version_1(path.read_bytes(), _NEWER_OPERATORS))


def random_inputs(tensors: tuple[Tensor, ...], has_state: bool) -> list[list[Array]]:
    """Inputs for one inference, or for several if the model keeps something between them."""
    random = np.random.default_rng(1)
    return [[_random(tensor, random) for tensor in tensors] for _ in range(_STEPS_WITH_STATE if has_state else 1)]


def _random(tensor: Tensor, random: np.random.Generator) -> Array:
    if tensor.dtype is DType.FLOAT32:
        return random.uniform(-1, 1, tensor.shape).astype(np.float32)
    low, high = tensor.dtype.integer_range
    return random.integers(low, high, tensor.shape, tensor.dtype.numpy, endpoint=True)


def assert_as_exact_as_promised(results: list[Array], expected: list[Array]) -> None:
    """Integers are identical, float32 within 1e-4 of the value, and of 1 where it is smaller."""
    assert len(results) == len(expected)
    for result, other in zip(results, expected, strict=True):
        if other.dtype == np.float32:
            np.testing.assert_allclose(result, other, rtol=1e-4, atol=1e-4)
        else:
            np.testing.assert_array_equal(result, other)
