"""What a task is: from files to what a model takes, and from what it gives to an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from npu_hal.api import Array, InvalidInput, InvalidOption
from npu_hal.inputs.pixel_range import PixelRange
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.waveform import Waveform


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What users may set: names of classes, how many answers at most, the least score of an answer (None: the
    task's own), and the range of pixels."""

    labels: tuple[str, ...] | None = None
    top: int = 5
    threshold: float | None = None
    pixel_range: PixelRange | None = None


class Product(StrEnum):
    """What a result can be written as."""

    PICTURE = "picture"
    SOUND = "sound"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A result for people: a sentence, and rows under columns. Columns whose name ends in a space hold numbers."""

    caption: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Result(Protocol):
    """An answer."""

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""

    def table(self) -> ResultTable:
        """The answer for people."""


class PictureResult(Result, Protocol):
    """An answer that can be shown in a picture."""

    def draw(self) -> Image.Image:
        """The input picture with the answer in it, or the picture that the model made. Mode RGB."""


class SoundResult(Result, Protocol):
    """An answer that is a sound."""

    def sound(self) -> Waveform:
        """The sound that the model made."""


class Job(Protocol):
    """A task on given files: what the model is to take, and what becomes of its outputs."""

    @property
    def inputs(self) -> Sequence[list[Array]]:
        """The model's inputs, for each of the inferences that the job takes; states go from one to the next."""

    def interpret(self, outputs: Sequence[list[Array]]) -> Result:
        """The answer, from the model's outputs in each of the inferences."""


class Task(Protocol):
    """A task with one model; `takes` names the fields of the settings that have a meaning for it, besides `top`.

    The constructor raises `InvalidInput` if the model does not fit the task, with a sentence that says why.
    """

    name: ClassVar[str]
    product: ClassVar[Product]
    takes: ClassVar[frozenset[str]]

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None: ...

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the shapes of a model leave no doubt that it is for this task."""

    def prepare(self, files: Sequence[Path]) -> Job:
        """The job on `files`. Raises `InvalidInput`."""


def check_settings(task: type[Task], settings: TaskSettings) -> None:
    """`InvalidOption` for a setting that has no meaning for the task."""
    for name in ("labels", "threshold", "pixel_range"):
        if getattr(settings, name) is not None and name not in task.takes:
            raise InvalidOption(f"the task {task.name} has no use for --{name.replace('_', '-')}")


def check_finite(values: NDArray[np.float64], what: str) -> None:
    """`InvalidInput` if a model gave infinities or what is not a number."""
    if not np.isfinite(values).all():
        raise InvalidInput(f"the model gave {what} that are not finite numbers for this input")


def one_file(files: Sequence[Path], task: str, kind: str) -> Path:
    """The only one of `files`; raises `InvalidInput` that asks for one of a `kind`."""
    if len(files) != 1:
        raise InvalidInput(f"the task {task} takes one {kind}, not {len(files)} files; give it by --input FILE")
    return files[0]
