"""Noise reduction: speech without what else is to be heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, InvalidInput, Tensor
from npu_hal.inputs.quantize_real import quantize_real
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.labels import real_values
from npu_hal.tasks.sound.frames import frames
from npu_hal.tasks.task import Product, ResultTable, TaskSettings, check_finite, one_file
from npu_hal.tasks.waveform import Waveform

_RATE = 16000
_WINDOW = 512
_STEP = 128
_BINS = _WINDOW // 2 + 1
_QUIETEST = 1e-12


class Denoise:
    """Takes a .wav file, and a model that masks spectra: the first half of DTLN (Interspeech 2020, 2631).

    The input, ``[1, 1, 257]``, is the magnitude of the spectrum of 512 samples at 16 kHz, each 128; the output, of the
    same shape, says which part of each frequency is speech. The model remembers what it heard before.
    """

    name: ClassVar[str] = "denoise"
    product: ClassVar[Product] = Product.SOUND
    takes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, interface: ModelInterface, settings: TaskSettings) -> None:
        del settings
        if not self.recognises(interface):
            described = ", ".join(str(list(tensor.shape)) for tensor in (*interface.inputs, *interface.outputs))
            kept = "with" if interface.is_stateful else "without"
            raise InvalidInput(
                f"the task denoise takes a model with states that makes a mask [1, 1, {_BINS}] of a spectrum "
                f"[1, 1, {_BINS}], not one {kept} states of {described}"
            )
        self.input: Tensor = interface.inputs[0]
        self.output: Tensor = interface.outputs[0]

    @classmethod
    def recognises(cls, interface: ModelInterface) -> bool:
        """Whether the model has states, one input and one output of such shapes."""
        shapes = [tensor.shape for tensor in (*interface.inputs, *interface.outputs)]
        return interface.is_stateful and len(interface.inputs) == 1 and shapes == [(1, 1, _BINS)] * 2

    def prepare(self, files: Sequence[Path]) -> "_DenoiseJob":
        """An inference on each window of one sound."""
        sound = Waveform.read(one_file(files, self.name, ".wav file"), _RATE)
        # Silence before and after, so that each sample lies in as many windows.
        around = np.pad(sound.samples, (_WINDOW - _STEP, _WINDOW))
        spectra = np.fft.rfft(frames(around, _WINDOW, _STEP), axis=1)
        inputs = [[quantize_real(magnitudes.reshape(self.input.shape), self.input)] for magnitudes in np.abs(spectra)]
        return _DenoiseJob(self, sound, spectra, inputs)


@dataclass(frozen=True, slots=True)
class CleanSound:
    """A sound before and after."""

    noisy: Waveform
    clean: Waveform

    def as_json(self) -> dict[str, Any]:
        """``{"seconds", "rate", "level_before", "level_after"}``, levels in dB of full scale; the sound is written."""
        return {
            "seconds": self.clean.seconds,
            "rate": self.clean.rate,
            "level_before": _decibels(self.noisy.samples),
            "level_after": _decibels(self.clean.samples),
        }

    def table(self) -> ResultTable:
        """The levels."""
        before, after = _decibels(self.noisy.samples), _decibels(self.clean.samples)
        row = (f"{self.clean.seconds:.2f}", f"{before:.1f}", f"{after:.1f}")
        return ResultTable("noise reduced", ("seconds ", "dB before ", "dB after "), (row,))

    def sound(self) -> Waveform:
        """The sound without noise."""
        return self.clean


@dataclass(frozen=True, slots=True, eq=False)
class _DenoiseJob:
    task: Denoise
    noisy: Waveform
    spectra: NDArray[np.complex128]
    inputs: list[list[Array]]

    def interpret(self, outputs: Sequence[list[Array]]) -> CleanSound:
        masks = np.stack([real_values(values[0], self.task.output).reshape(-1) for values in outputs])
        check_finite(masks, "masks")
        pieces = np.fft.irfft(self.spectra * masks, _WINDOW, axis=1)
        # A periodic Hann window adds up to the same for each sample, and hides where windows end.
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
        length = (len(pieces) - 1) * _STEP + _WINDOW
        total = np.zeros(length)
        for number, piece in enumerate(pieces * window):
            total[number * _STEP : number * _STEP + _WINDOW] += piece
        clean = total[_WINDOW - _STEP :][: len(self.noisy.samples)] / (window.sum() / _STEP)
        return CleanSound(self.noisy, Waveform(clean, _RATE))


def _decibels(samples: NDArray[np.float64]) -> float:
    """The level relative to a constant full scale."""
    return float(10 * np.log10(max(_QUIETEST, np.square(samples).mean())))
