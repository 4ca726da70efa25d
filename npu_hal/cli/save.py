"""Writing results to files, never over a user's file unasked."""

import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from npu_hal.api import Array, InvalidOption


def check_writable(path: Path, force: bool) -> None:
    """`InvalidOption` if `path` exists and `force` is not set, or its folder is not there; to be asked early.

    Devices, pipes and the like are refused even with `force`: what is saved takes their place.
    """
    try:
        if path.is_dir():
            raise InvalidOption(f"{path} is a folder; name a file to write")
        if path.exists() and not path.is_file():
            raise InvalidOption(f"{path} is no ordinary file, and would be replaced by one; name another")
        if path.exists() and not force:
            raise InvalidOption(f"{path} exists already; --force overwrites it")
        if not path.parent.is_dir():
            raise InvalidOption(f"{path} cannot be written: there is no folder {path.parent}")
    # Names that are too long, and folders that may not be looked into.
    except OSError as error:
        raise InvalidOption(f"{path} could not be written: {error}") from None


def save_npz(path: Path, arrays: Mapping[str, Array], force: bool) -> None:
    """Write `arrays` as an .npz file; it is there whole or not at all. Raises `InvalidOption`."""

    def write(stream: IO[bytes]) -> None:
        # numpy.savez takes names as keyword arguments, which some names of tensors cannot be.
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)

    save_file(path, write, force)


def save_text(path: Path, text: str, force: bool) -> None:
    """Write `text` as a UTF-8 file; it is there whole or not at all. Raises `InvalidOption`."""
    save_file(path, lambda stream: stream.write(text.encode("utf-8", "replace")), force)


def save_file(path: Path, write: Callable[[IO[bytes]], object], force: bool) -> None:
    """Let `write` make the file at `path`; it is there whole or not at all. Raises `InvalidOption`."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            write(stream)
        # Temporary files are private; this one is to be as readable as any other that the user makes.
        temporary.chmod(0o666 & ~_umask())
        check_writable(path, force)
        temporary.replace(path)
    except OSError as error:
        raise InvalidOption(f"{path} could not be written: {error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
