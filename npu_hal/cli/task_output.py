"""Writing what a task makes: a picture or a sound."""

from pathlib import Path
from typing import IO, cast

from PIL import Image

from npu_hal.api import InvalidOption
from npu_hal.cli.save import check_writable, save_file
from npu_hal.tasks import PictureResult, Product, Result, SoundResult, Task

# JPEG's own default shows in letters and thin lines.
_JPEG_QUALITY = 95


class TaskOutput:
    """The file that a task's result goes into. Raises `InvalidOption` at once for what could not be written later."""

    def __init__(self, task: type[Task], path: Path, force: bool) -> None:
        self._path = path
        self._force = force
        self._product = task.product
        suffix = path.suffix.lower()
        match task.product:
            case Product.NOTHING:
                raise InvalidOption(f"the task {task.name} makes neither a picture nor a sound for --output {path}")
            case Product.SOUND:
                if suffix != ".wav":
                    raise InvalidOption(f"the task {task.name} makes a sound; name a .wav file, not {path}")
            case Product.PICTURE:
                if _picture_format(suffix) is None:
                    raise InvalidOption(
                        f"the task {task.name} makes a picture, and {path} names no format for one; .png is one"
                    )
        check_writable(path, force)

    def write(self, result: Result) -> None:
        """Write the result; the file is there whole or not at all."""
        if self._product is Product.SOUND:
            contents = cast(SoundResult, result).sound().wav()
            save_file(self._path, lambda stream: _write(stream, contents), self._force)
        else:
            picture = cast(PictureResult, result).draw()
            save_file(self._path, lambda stream: self._write_picture(stream, picture), self._force)

    def _write_picture(self, stream: IO[bytes], picture: Image.Image) -> None:
        kind = _picture_format(self._path.suffix.lower())
        try:
            picture.save(stream, format=kind, quality=_JPEG_QUALITY)
        except (ValueError, KeyError) as error:
            raise InvalidOption(f"{self._path} cannot hold the picture: {error}") from None


def _write(stream: IO[bytes], contents: bytes) -> None:
    stream.write(contents)


def _picture_format(suffix: str) -> str | None:
    """The format that Pillow writes for a file's suffix."""
    kind = Image.registered_extensions().get(suffix)
    return kind if kind in Image.SAVE else None
