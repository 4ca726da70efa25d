"""Sounds become inputs: width of samples, channels, length."""

import logging
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import DType, InvalidInput, Quantization, Tensor
from npu_hal.inputs.audio import load_wav


def write_wav(path: Path, data: bytes, width: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(16000)
        sound.writeframes(data)
    return path


def tensor(size: int, dtype: DType = DType.FLOAT32, quantization: Quantization | None = None) -> Tensor:
    return Tensor(name="sound", shape=(1, size), dtype=dtype, quantization=quantization)


@pytest.mark.parametrize(
    ("width", "data"),
    [
        (1, bytes([128, 192, 0])),
        (2, np.array([0, 1 << 14, -1 << 15], "<i2").tobytes()),
        (3, b"\x00\x00\x00\x00\x00\x40\x00\x00\x80"),
        (4, np.array([0, 1 << 30, -1 << 31], "<i4").tobytes()),
    ],
)
def test_samples_of_every_width_are_real_numbers(tmp_path: Path, width: int, data: bytes) -> None:
    path = write_wav(tmp_path / "x.wav", data, width)
    np.testing.assert_array_equal(load_wav(path, tensor(3)), [[0, 0.5, -1]])


def test_channels_are_averaged(tmp_path: Path) -> None:
    data = np.array([[1 << 14, 0], [-1 << 14, -1 << 14]], "<i2").tobytes()
    np.testing.assert_array_equal(load_wav(write_wav(tmp_path / "x.wav", data, 2, 2), tensor(2)), [[0.25, -0.5]])


def test_short_sounds_end_in_silence(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", np.array([1 << 14], "<i2").tobytes(), 2)
    np.testing.assert_array_equal(load_wav(path, tensor(3)), [[0.5, 0, 0]])


def test_long_sounds_are_cut_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_wav(tmp_path / "x.wav", np.array([1 << 14, 0, 7], "<i2").tobytes(), 2)
    with caplog.at_level(logging.WARNING, "npu_hal.inputs.audio"):
        np.testing.assert_array_equal(load_wav(path, tensor(2)), [[0.5, 0]])
    assert "has 3 samples at 16000 Hz; input 'sound' takes the first 2" in caplog.text


def test_quantised_inputs_use_their_scale(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", np.array([0, 1 << 14, -1 << 15], "<i2").tobytes(), 2)
    loaded = load_wav(path, tensor(3, DType.INT8, Quantization.per_tensor(1 / 64, 1)))
    assert loaded.dtype == np.int8
    np.testing.assert_array_equal(loaded, [[1, 33, -63]])


def test_int16_without_a_scale_takes_samples_as_they_are(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768, 12345], "<i2")
    loaded = load_wav(write_wav(tmp_path / "x.wav", samples.tobytes(), 2), tensor(6, DType.INT16))
    assert loaded.dtype == np.int16
    np.testing.assert_array_equal(loaded[0], samples)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").write_bytes(b"")
    # A float32 .wav (format code 3) is no PCM.
    whole = write_wav(tmp_path / "x.wav", bytes(8), 4).read_bytes()
    (tmp_path / "float.wav").write_bytes(whole[:20] + b"\x03\x00" + whole[22:])
    for name in ("text.wav", "empty.wav", "float.wav"):
        with pytest.raises(InvalidInput, match=r"is no \.wav file of PCM samples"):
            load_wav(tmp_path / name, tensor(4))
    with pytest.raises(InvalidInput, match="there is no file"):
        load_wav(tmp_path / "none.wav", tensor(4))


def wav_file(format_chunk: bytes, data: bytes) -> bytes:
    chunks = b"".join(
        name + struct.pack("<I", len(content)) + content
        for name, content in ((b"junk", b"odd\0"), (b"fmt ", format_chunk), (b"data", data))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def extensible(number: int, width: int) -> bytes:
    """WAVEFORMATEXTENSIBLE: one channel at 16 kHz, with the number of the format in the first bytes of its GUID."""
    plain = struct.pack("<HHIIHH", 0xFFFE, 1, 16000, 16000 * width, width, 8 * width)
    guid = struct.pack("<H", number) + bytes.fromhex("000000001000800000aa00389b71")
    return plain + struct.pack("<HHI", 22, 8 * width, 4) + guid


def test_pcm_may_be_in_the_extensible_format(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(wav_file(extensible(1, 3), b"\x00\x00\x00\x00\x00\x40\x00\x00\x80"))
    np.testing.assert_array_equal(load_wav(path, tensor(3)), [[0, 0.5, -1]])


@pytest.mark.parametrize("format_chunk", [struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32), extensible(3, 4)])
def test_floating_point_samples_are_named(tmp_path: Path, format_chunk: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(wav_file(format_chunk, bytes(8)))
    with pytest.raises(InvalidInput, match="samples are floating-point numbers; save it with 16 bits"):
        load_wav(tmp_path / "x.wav", tensor(2))


def test_samples_need_a_rate(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav_file(struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16), bytes(8)))
    with pytest.raises(InvalidInput, match="0 of its samples make a second"):
        load_wav(tmp_path / "x.wav", tensor(4))


@pytest.mark.parametrize(("announced", "is_cut_off"), [(8, True), (0xFFFFFFFF, False)])
def test_sounds_that_are_cut_off_end_early_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, announced: int, is_cut_off: bool
) -> None:
    whole = wav_file(struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16), np.array([1 << 14, 0], "<i2").tobytes())
    (tmp_path / "x.wav").write_bytes(whole[:-8] + struct.pack("<I", announced) + whole[-4:])
    with caplog.at_level(logging.WARNING, "npu_hal.inputs.audio"):
        np.testing.assert_array_equal(load_wav(tmp_path / "x.wav", tensor(2)), [[0.5, 0]])
    assert ("is cut off: it announces 4 samples and has 2" in caplog.text) is is_cut_off
