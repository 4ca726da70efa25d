"""Arrays as inputs: .npy and .npz files of numpy."""

import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from npu_hal.api import Array, DType, InvalidInput, Tensor

# How numpy and what it reads with report damaged files; RuntimeError is for encrypted and unknown zip archives.
_DAMAGES = (
    OSError,
    ValueError,
    EOFError,
    SyntaxError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)

# Types that take numbers of any width of these kinds, in numpy's letters.
_NARROWED = {DType.FLOAT32: "f", DType.COMPLEX64: "c"}


def load_npy(path: Path) -> Array:
    """The array of an .npy file; raises `InvalidInput`."""
    loaded = _load(path)
    if not isinstance(loaded, np.ndarray):
        raise InvalidInput(f"{path} is no .npy file of one array")
    return loaded


def load_npz(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name, in the file's order; raises `InvalidInput`."""
    loaded = _load(path)
    if isinstance(loaded, np.ndarray):
        raise InvalidInput(f"{path} is no .npz file of named arrays")
    try:
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except _DAMAGES as error:
        raise InvalidInput(f"{path} could not be read: {error}") from None


def fit_array(array: Array, tensor: Tensor, source: str) -> Array:
    """`array` in the tensor's shape and element type.

    Dimensions of 1 may be missing or extra. Floats go into float32, complex numbers into complex64, integers into any
    integer type that holds their values. Everything else raises `InvalidInput`, which calls the array `source`.
    """
    wanted = f"input {tensor.name!r} is {tensor.dtype}{list(tensor.shape)}"
    if _without_ones(array.shape) != _without_ones(tensor.shape):
        raise InvalidInput(f"{source} has shape {list(array.shape)}, but {wanted}")
    if array.dtype != tensor.dtype.numpy:
        if not _converts(array, tensor):
            raise InvalidInput(f"{source} has elements of {array.dtype} that do not fit: {wanted}")
        # Floats beyond float32 become infinite, as everywhere in numpy.
        with np.errstate(over="ignore"):
            array = array.astype(tensor.dtype.numpy)
    return np.ascontiguousarray(array).reshape(tensor.shape)


def _load(path: Path) -> "Array | np.lib.npyio.NpzFile":
    try:
        loaded: Array | np.lib.npyio.NpzFile = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except _DAMAGES as error:
        raise InvalidInput(f"{path} could not be read as numpy's .npy or .npz: {error}") from None
    return loaded


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _converts(array: Array, tensor: Tensor) -> bool:
    if tensor.dtype.is_integer and array.dtype.kind in "iu":
        low, high = tensor.dtype.integer_range
        return array.size == 0 or (int(array.min()) >= low and int(array.max()) <= high)
    return tensor.dtype in _NARROWED and array.dtype.kind == _NARROWED[tensor.dtype]
