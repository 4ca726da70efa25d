"""Audio classification: what is heard in a sound, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.tasks.classify import class_json, class_name, class_rows, fitting_labels
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import RatedClass, real_values
from npu_hal.tasks.sound.form import AudioForm, Segment
from npu_hal.tasks.sound.keywords import MicroSpeech, MlperfKeywords
from npu_hal.tasks.sound.wake_word import WakeWord
from npu_hal.tasks.sound.yamnet import YamnetSpectra
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file
from npu_hal.tasks.waveform import Waveform

_FORMS = (MicroSpeech, MlperfKeywords, WakeWord, YamnetSpectra)


class Audio:
    """Takes a .wav file of any rate; the model's input has one of the forms in `npu_hal.tasks.sound`."""

    name: ClassVar[str] = "audio"
    product: ClassVar[Product] = Product.NOTHING
    takes: ClassVar[frozenset[str]] = frozenset({"labels", "threshold"})

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        form = _form(interface)
        if form is None:
            shapes = ", ".join(f"{tensor.dtype}{list(tensor.shape)}" for tensor in interface.inputs)
            raise InvalidInput(
                f"which features of a sound the model's input {shapes} takes is not known; the task audio knows "
                f"micro_speech, MLPerf Tiny's keywords, microWakeWord and YAMNet's spectra; give features by an .npy "
                f"file, without --task"
            )
        self.form: AudioForm = form
        self.output: Tensor = interface.outputs[0]
        self.settings = settings
        labels = fitting_labels(settings, interface, self.output.size)
        fixed = form.labels if form.labels is not None and len(form.labels) == self.output.size else None
        self._labels = labels or fixed

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the input has one of the known forms."""
        return _form(interface) is not None

    def prepare(self, files: Sequence[Path]) -> "_AudioJob":
        """An inference on each part of one sound."""
        sound = Waveform.read(one_file(files, self.name, ".wav file"), self.form.rate)
        segments = self.form.segments(sound)
        return _AudioJob(self, segments, [[segment.elements] for segment in segments])

    def rated(self, ratings: NDArray[np.float64], count: int) -> tuple[RatedClass, ...]:
        """The highest of `ratings` that surpass the threshold, if there is one."""
        order = np.argsort(-ratings, kind="stable")[:count]
        least = self.settings.threshold
        return tuple(
            RatedClass(int(index), self._labels[index] if self._labels else None, float(score), float(score))
            for index, score in zip(order, ratings[order], strict=True)
            if least is None or score > least
        )


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """A part of the sound, in seconds, and its classes, the likeliest first."""

    start: float
    end: float
    classes: tuple[RatedClass, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """The classes of a sound and of its parts."""

    classes: tuple[RatedClass, ...]
    segments: tuple[HeardSegment, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"classes": [...], "segments": [{"start", "end", "classes": [...]}]}``, times in seconds."""
        return {
            "classes": [class_json(rated) for rated in self.classes],
            "segments": [
                {
                    "start": segment.start,
                    "end": segment.end,
                    "classes": [class_json(rated) for rated in segment.classes],
                }
                for segment in self.segments
            ],
        }

    def table(self) -> ResultTable:
        """A row for each class of the whole sound; the caption tells where the first of them is rated highest."""
        caption = "no class is rated above the threshold"
        if self.classes:
            best = self.classes[0]
            when = max(
                self.segments,
                key=lambda segment: max(
                    (rated.score for rated in segment.classes if rated.index == best.index), default=-np.inf
                ),
            )
            caption = f"highest: {class_name(best)}, {best.score:.4f}, from {when.start:.2f} to {when.end:.2f} s"
        return ResultTable(caption, ("class ", "score ", "label"), class_rows(self.classes))


@dataclass(frozen=True, slots=True)
class _AudioJob:
    task: Audio
    segments: Sequence[Segment]
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> Hearing:
        task = self.task
        ratings = np.stack([real_values(values[0], task.output).reshape(-1) for values in outputs])
        check_finite(ratings, "ratings")
        top = task.settings.top
        heard = tuple(
            HeardSegment(segment.start, segment.end, task.rated(rating, top))
            for segment, rating in zip(self.segments, ratings, strict=True)
        )
        return Hearing(task.rated(task.form.combine(ratings), top), heard)


def _form(interface: ModelInterface) -> AudioForm | None:
    if len(interface.inputs) != 1 or len(interface.outputs) != 1:
        return None
    output = interface.outputs[0]
    if output.size == 0 or max(output.shape, default=1) != output.size:
        return None
    for form in _FORMS:
        found: AudioForm | None = form.of(interface)
        if found is not None:
            return found
    return None
