"""Sounds as inputs: .wav files of PCM samples."""

import logging
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal.inputs.quantize_real import quantize_real

_log = logging.getLogger(__name__)

_FULL_SCALE_16 = 32768


def load_wav(path: Path, tensor: Tensor) -> Array:
    """The first samples of the .wav file at `path`, as many as the tensor has elements, followed by silence if fewer.

    Channels are averaged and the rate is left as it is. Samples are real numbers of -1 to 1, quantised by the tensor's
    scale and zero point; an int16 tensor without those takes 16-bit samples as they are. Raises `InvalidInput`.
    """
    samples, rate = read_wav(path)
    if len(samples) > tensor.size:
        _log.warning(
            "%s has %d samples at %d Hz; input %r takes the first %d",
            path,
            len(samples),
            rate,
            tensor.name,
            tensor.size,
        )
    fitted = np.zeros(tensor.size)
    fitted[: len(samples)] = samples[: tensor.size]
    if tensor.dtype is DType.INT16 and tensor.quantization is None:
        elements: Array = np.clip(np.round(fitted * _FULL_SCALE_16), -_FULL_SCALE_16, _FULL_SCALE_16 - 1).astype(
            np.int16
        )
    else:
        elements = quantize_real(fitted, tensor)
    return elements.reshape(tensor.shape)


def read_wav(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples of -1 to 1, ``[count]``, channels averaged, and their rate in Hz; raises `InvalidInput`."""
    try:
        with path.open("rb") as stream, wave.open(stream) as sound:
            data = sound.readframes(sound.getnframes())
            width, channels, rate = sound.getsampwidth(), sound.getnchannels(), sound.getframerate()
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        raise InvalidInput(f"{path} is no .wav file of PCM samples: {error or 'it is cut off'}") from None
    if width not in (1, 2, 3, 4):
        raise InvalidInput(f"{path} has samples of {8 * width} bits; 8, 16, 24 and 32 can be read")
    frames = len(data) // (width * channels)
    return _real(data[: frames * width * channels], width).reshape(frames, channels).mean(axis=1), rate


def _real(data: bytes, width: int) -> NDArray[np.float64]:
    """Little-endian PCM samples of `width` bytes as numbers of -1 to 1; 8-bit samples are unsigned, others signed."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128
    octets = np.frombuffer(data, np.uint8).reshape(-1, width)
    # Into the upper bytes of an int32, so that the sign comes along whatever the width.
    widened = np.zeros((len(octets), 4), np.uint8)
    widened[:, 4 - width :] = octets
    samples: NDArray[np.float64] = widened.view("<i4")[:, 0] / float(1 << 31)
    return samples
