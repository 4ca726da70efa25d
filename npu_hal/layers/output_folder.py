"""Folders that layers write to, without touching what is there."""

from pathlib import Path

from npu_hal.api import InvalidOption


def new_folder(wanted: str, default: str) -> Path:
    """Create and return a folder for a layer's files.

    `wanted` is what the user asked for: it must be empty or not exist; raises `InvalidOption`. Without it, the first
    of ``default``, ``default-2``, ``default-3``... that does not exist in the working directory.
    """
    if wanted:
        folder = Path(wanted)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidOption(f"{folder} exists and is not an empty folder; name another, nothing is overwritten")
    else:
        number = 1
        folder = Path(default)
        while folder.exists():
            number += 1
            folder = Path(f"{default}-{number}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidOption(f"folder {folder} cannot be made: {error.strerror}") from None
    return folder
