"""Compiled kernels on disk, so that a machine compiles once.

A file is a header (magic and the SHA-256 of what follows) and an ELF object. It is written under another name and
renamed, so that processes that start together each see a whole file or none. Whatever is not as it should be counts as
absent: the caller compiles again.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from npu_hal_software.jit import messages

_MAGIC = b"npu-hal-jit-1\n"
_DIGEST_BYTES = 32
FOLDER_VARIABLE = "NPU_HAL_CACHE"


def cache_folder() -> Path:
    """$NPU_HAL_CACHE, or npu-hal in the user's cache folder."""
    if os.environ.get(FOLDER_VARIABLE):
        return Path(os.environ[FOLDER_VARIABLE])
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with contextlib.suppress(RuntimeError):
        return Path(base).expanduser() / "npu-hal"
    return _temporary_folder()


def _temporary_folder() -> Path:
    # A process that finds its kernels in the first folder does not need it.
    import tempfile

    return Path(tempfile.gettempdir()) / f"npu-hal-{os.getuid()}"


def _folders() -> Iterator[Path]:
    """Where to look, the preferred folder first; the second is for homes that cannot be written."""
    yield cache_folder()
    yield _temporary_folder()


def load(key: str) -> bytes | None:
    """The object stored under `key`, or None if there is none that is whole and ours."""
    for folder in _folders():
        path = folder / f"{key}.o"
        try:
            if path.stat().st_uid not in (os.getuid(), 0):
                messages.warn("ignoring %s, which belongs to another user", path)
                continue
            content = path.read_bytes()
        except OSError:
            continue
        header = len(_MAGIC) + _DIGEST_BYTES
        payload = content[header:]
        if content.startswith(_MAGIC) and content[len(_MAGIC) : header] == hashlib.sha256(payload).digest():
            return payload
        messages.warn("ignoring %s, which is damaged; the kernels are compiled again", path)
    return None


def store(key: str, payload: bytes) -> None:
    """Store an object under `key`; a folder that cannot be written is no error."""
    import tempfile

    content = _MAGIC + hashlib.sha256(payload).digest() + payload
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(content)
            Path(file.name).replace(folder / f"{key}.o")
        except OSError as error:
            messages.info("cannot keep compiled kernels in %s: %s", folder, error)
        else:
            return
    messages.warn("compiled kernels are not kept: no cache folder can be written; set %s", FOLDER_VARIABLE)
