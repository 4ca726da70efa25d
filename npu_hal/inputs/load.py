"""Which file is which input."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.arrays import fit_array, load_npy, load_npz
from npu_hal.inputs.audio import load_wav
from npu_hal.inputs.image import load_image
from npu_hal.inputs.pixel_range import PixelRange
from npu_hal.inputs.random_values import random_values

_ARCHIVE = ".npz"
# What gives an input from a file, by suffix; files with any other but an archive's are images.
_LOADERS: dict[str, Callable[[Path, Tensor], Array]] = {
    ".npy": lambda path, tensor: fit_array(load_npy(path), tensor, str(path)),
    ".wav": load_wav,
}


def load_inputs(
    files: Sequence[Path],
    tensors: Sequence[Tensor],
    *,
    names: Sequence[str] | None = None,
    pixel_range: PixelRange | None = None,
    random_seed: int | None = None,
) -> list[Array]:
    """An array for each of `tensors`, from `files`.

    An .npz file gives the inputs that its arrays are named after, or if none is, as many as it has arrays, in order;
    `names` are the inputs' names, if not those of the tensors.
    Every other file gives the next input that has none yet: .npy an array, .wav a sound, anything else an image.
    Inputs for which there is no file are random if there is a `random_seed`. Raises `InvalidInput` for files that do
    not fit, are left over, or missing, and for a `pixel_range` without an image.
    """
    if pixel_range is not None and not any(_is_image(path) for path in files):
        raise InvalidInput("a pixel range was given, and no file with an image; leave it out")
    arrays: dict[int, Array] = {}
    for path in files:
        if path.suffix.lower() == _ARCHIVE:
            _take_npz(path, tensors, names or [tensor.name for tensor in tensors], arrays)
            continue
        position = _next_free(path, tensors, arrays)
        arrays[position] = _load_one(path, tensors[position], pixel_range)
    missing = [position for position in range(len(tensors)) if position not in arrays]
    if missing and random_seed is None:
        raise InvalidInput(
            f"input {missing[0]} {_describe(tensors[missing[0]])} has no value: files were "
            f"given for {len(arrays)} of {len(tensors)}; --input FILE gives the next one, --random SEED fills the rest"
        )
    rng = np.random.default_rng(random_seed)
    for position in missing:
        arrays[position] = random_values(tensors[position], rng)
    return [arrays[position] for position in range(len(tensors))]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() not in (_ARCHIVE, *_LOADERS)


def _load_one(path: Path, tensor: Tensor, pixel_range: PixelRange | None) -> Array:
    if _is_image(path):
        return load_image(path, tensor, pixel_range)
    return _LOADERS[path.suffix.lower()](path, tensor)


def _take_npz(path: Path, tensors: Sequence[Tensor], names: Sequence[str], arrays: dict[int, Array]) -> None:
    loaded = load_npz(path)
    by_name = any(name in names for name in loaded)
    for name, array in loaded.items():
        if by_name and name not in names:
            raise InvalidInput(f"{path} has an array {name!r}; the model's inputs are: {', '.join(names)}")
        position = names.index(name) if by_name else _next_free(path, tensors, arrays)
        if position in arrays:
            raise InvalidInput(f"{path} has an array for input {name!r}, which another file gave already")
        arrays[position] = fit_array(array, tensors[position], f"array {name!r} of {path}")


def _next_free(path: Path, tensors: Sequence[Tensor], arrays: dict[int, Array]) -> int:
    for position in range(len(tensors)):
        if position not in arrays:
            return position
    raise InvalidInput(f"{path} is one file too many: all inputs of the model, {len(tensors)}, have their value")


def _describe(tensor: Tensor) -> str:
    return f"{tensor.name!r}, {tensor.dtype}{list(tensor.shape)},"
