"""Sounds as inputs: .wav files of PCM samples."""

import io
import logging
import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal.inputs.quantize_real import quantize_real

_log = logging.getLogger(__name__)

_FULL_SCALE_16 = 32768

# Formats of samples, as a .wav file's fmt chunk numbers them; an extensible one has the number further behind.
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_EXTENSIBLE_AT = 24
# Programs that do not know yet how long a sound will be announce nearly all that 31 or 32 bits can say.
_UNKNOWN_LENGTH = (1 << 31) - (1 << 16)


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
    """Samples of -1 to 1, ``[count]``, channels averaged, and their rate in Hz; raises `InvalidInput`.

    A file that is cut off is read as far as it goes, with a warning.
    """
    try:
        with wave.open(io.BytesIO(_as_plain_pcm(path.read_bytes(), path))) as sound:
            announced = sound.getnframes()
            data = sound.readframes(announced)
            width, channels, rate = sound.getsampwidth(), sound.getnchannels(), sound.getframerate()
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        raise InvalidInput(f"{path} is no .wav file of PCM samples: {error or 'it is cut off'}") from None
    if width not in (1, 2, 3, 4):
        raise InvalidInput(f"{path} has samples of {8 * width} bits; 8, 16, 24 and 32 can be read")
    if rate == 0:
        raise InvalidInput(f"{path} says that 0 of its samples make a second; save it with the rate that it has")
    frames = len(data) // (width * channels)
    if frames < announced and announced * width * channels < _UNKNOWN_LENGTH:
        _log.warning("%s is cut off: it announces %d samples and has %d", path, announced, frames)
    return _real(data[: frames * width * channels], width).reshape(frames, channels).mean(axis=1), rate


def _as_plain_pcm(contents: bytes, path: Path) -> bytes:
    """The file with PCM in the extensible format, as it is usual for 24 bits, marked as what it is: plain PCM.

    Before Python 3.12, module wave does not know that format. Raises `InvalidInput` for floating-point samples.
    """
    start, size = _format_chunk(contents)
    if size < 2:
        return contents
    (number,) = struct.unpack_from("<H", contents, start)
    is_extensible = number == _EXTENSIBLE and size >= _EXTENSIBLE_AT + 2
    if is_extensible:
        (number,) = struct.unpack_from("<H", contents, start + _EXTENSIBLE_AT)
    if number == _FLOAT:
        raise InvalidInput(
            f"{path} is no .wav file of PCM samples: its samples are floating-point numbers; save it with 16 bits"
        )
    if is_extensible and number == _PCM:
        return contents[:start] + struct.pack("<H", _PCM) + contents[start + 2 :]
    return contents


def _format_chunk(contents: bytes) -> tuple[int, int]:
    """Where the fmt chunk's content starts, and how much of it is there; its size is 0 if there is none."""
    # Chunks follow the 12 bytes of "RIFF", size, "WAVE", each of a name, a size, and a content of an even length.
    position = 12
    while position + 8 <= len(contents):
        name, size = struct.unpack_from("<4sI", contents, position)
        position += 8
        if name == b"fmt ":
            return position, min(size, len(contents) - position)
        position += size + size % 2
    return 0, 0


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
