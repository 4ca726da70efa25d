"""Compiled kernels on disk, so that a machine compiles once.

A file is a header (magic and the SHA-256 of what follows) and an ELF object. It is written under another name and
renamed, so that processes that start together each see a whole file or none. Whatever is not as it should be counts as
absent: the caller compiles again.
"""

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
    try:
        return Path(base).expanduser() / "npu-hal"
    except RuntimeError:
        # Nothing is found in, or written to, a folder of that name.
        return _temporary_folder() or Path(os.devnull)


def _temporary_folder() -> Path | None:
    """None if no folder for temporary files can be written."""
    # A process that finds its kernels in the first folder does not need it.
    import tempfile

    try:
        return Path(tempfile.gettempdir()) / f"npu-hal-{os.getuid()}"
    except OSError:
        return None


def _folders() -> Iterator[Path]:
    """Where to look, the preferred folder first; the second is for homes that cannot be written."""
    yield cache_folder()
    temporary = _temporary_folder()
    if temporary is not None:
        yield temporary


def load(key: str) -> bytes | None:
    """The object stored under `key`, or None if there is none that is whole and ours."""
    for folder in _folders():
        path = folder / f"{key}.o"
        try:
            # The folder may be another user's, who puts other files in the place of one that was looked at: the one
            # that is open stays the same. Nor does opening wait, as it would for a writer of a pipe.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                if os.fstat(file.fileno()).st_uid not in (os.getuid(), 0):
                    messages.warn("ignoring %s, which belongs to another user", path)
                    continue
                content = file.read()
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
    content = _MAGIC + hashlib.sha256(payload).digest() + payload
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(folder / f"{key}.o", content)
        except OSError as error:
            messages.info("cannot keep compiled kernels in %s: %s", folder, error)
        else:
            return
    messages.warn("compiled kernels are not kept: no cache folder can be written; set %s", FOLDER_VARIABLE)


def _write(path: Path, content: bytes) -> None:
    """A whole file or none, whatever happens."""
    import tempfile

    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        written = Path(file.name)
        try:
            file.write(content)
            file.flush()
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
