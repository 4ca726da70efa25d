"""Features of sounds, what is heard in them, and noise reduction."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import dct  # type: ignore[import-untyped]
from scipy.signal import stft  # type: ignore[import-untyped]

from npu_hal.api import Array, DType, InvalidInput
from npu_hal.tasks import TaskSettings
from npu_hal.tasks.audio import Audio
from npu_hal.tasks.denoise import Denoise
from npu_hal.tasks.sound.frames import frames
from npu_hal.tasks.sound.mel import cepstrum, log_mel, mel_weights
from npu_hal.tasks.sound.micro_frontend import micro_features
from npu_hal.tasks.waveform import Waveform

from .interfaces import interface, tensor

# Sounds and what the C implementation makes of them, recorded by pymicro-features 2.0.2: silence, a chirp that grows,
# noise so loud that it is cut off, noise of 3 units, a square wave.
RECORDED = Path(__file__).with_name("micro_features.npz")


def save_sound(folder: Path, samples: NDArray[np.float64], rate: int = 16000) -> Path:
    path = folder / "sound.wav"
    path.write_bytes(Waveform(samples, rate).wav())
    return path


def test_the_micro_front_end_is_exact() -> None:
    with np.load(RECORDED) as recorded:
        samples, features = recorded["samples"], recorded["features"]
    np.testing.assert_array_equal(micro_features(samples, 160), features)


def test_too_short_a_sound_has_no_frames() -> None:
    assert micro_features(np.zeros(479, np.int16), 160).shape == (0, 40)
    assert frames(np.zeros(3), 4, 1).shape == (0, 4)


def test_spectra_are_those_of_a_short_time_fourier_transform() -> None:
    samples = np.random.default_rng(0).normal(size=4000)
    spectrum = log_mel(samples, rate=16000, window=400, step=160, bands=64, low=125.0, high=7500.0, offset=0.001)
    _, _, transform = stft(
        samples, window="hann", nperseg=400, noverlap=240, nfft=512, boundary=None, padded=False, scaling="spectrum"
    )
    # scipy scales by the window's sum; its periodic Hann window adds up to half its length.
    magnitudes = np.abs(transform.T) * 200
    expected = np.log(magnitudes @ mel_weights(257, 16000, 64, 125.0, 7500.0) + 0.001)
    assert spectrum.shape == (23, 64)
    np.testing.assert_allclose(spectrum, expected, rtol=1e-9)


def test_bands_are_triangles_that_overlap() -> None:
    weights = mel_weights(257, 16000, 40, 20.0, 4000.0)
    assert (weights >= 0).all()
    assert weights.max() <= 1
    assert (weights[0] == 0).all()
    hertz = np.arange(257) * 31.25
    mels = 2595 * np.log10(1 + hertz / 700)
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (20, 4000))
    corners = np.linspace(low, high, 42)
    # Between the first and the last peak a bin counts in two bands, one in all.
    inner = (mels > corners[1]) & (mels < corners[-2])
    np.testing.assert_allclose(weights[inner].sum(axis=1), 1, rtol=1e-9)
    assert (weights[mels > corners[-1]] == 0).all()
    np.testing.assert_allclose(weights[:, 20], np.interp(mels, corners[20:23], [0, 1, 0]), atol=1e-9)


def test_cepstral_coefficients_are_a_cosine_transform() -> None:
    spectrum = np.random.default_rng(0).normal(size=(5, 40))
    expected = dct(spectrum, type=2, axis=1)[:, :10] / np.sqrt(2 * 40)
    np.testing.assert_allclose(cepstrum(spectrum, 10), expected, rtol=1e-9)


def test_sounds_of_other_rates_are_resampled(tmp_path: Path) -> None:
    seconds = np.arange(44100) / 44100
    path = save_sound(tmp_path, 0.5 * np.sin(2 * np.pi * 1000 * seconds), 44100)
    resampled = Waveform.read(path, 16000)
    assert (len(resampled.samples), resampled.seconds) == (16000, 1.0)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    np.testing.assert_allclose(resampled.samples, expected, atol=1e-4)


def test_an_empty_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has no samples"):
        Waveform.read(save_sound(tmp_path, np.zeros(0)), 16000)


def test_sounds_are_written_as_they_are_read(tmp_path: Path) -> None:
    samples = np.array([0.0, 0.5, -1.0, 2.0, -2.0])
    read = Waveform.read(save_sound(tmp_path, samples), 16000)
    assert read.samples.tolist() == [0, 0.5, -1, 32767 / 32768, -1]


MICRO_SPEECH = interface([tensor((1, 1960), DType.INT8, 0.1, -128)], [tensor((1, 4), DType.INT8, 1 / 256, -128)])


def test_a_long_sound_is_heard_in_parts(tmp_path: Path) -> None:
    job = Audio(MICRO_SPEECH, TaskSettings(top=1)).prepare([save_sound(tmp_path, np.zeros(32000))])
    assert len(job.inputs) == 3
    # Silence has no features, and int8's lowest number stands for none.
    assert all((elements == -128).all() for (elements,) in job.inputs)
    quiet: list[Array] = [np.array([[100, -120, -120, -120]], np.int8)]
    word: list[Array] = [np.array([[-128, -128, 127, -128]], np.int8)]
    result = job.interpret([quiet, word, quiet])
    assert [(rated.index, rated.label) for rated in result.classes] == [(2, "yes")]
    assert result.classes[0].score == 255 / 256
    assert [(part.start, part.end, part.classes[0].label) for part in result.segments] == [
        (0.0, 1.0, "silence"),
        (0.5, 1.5, "yes"),
        (1.0, 2.0, "silence"),
    ]
    assert result.table().caption == "highest: yes, 0.9961, from 0.50 to 1.50 s"


def test_the_end_of_a_sound_is_heard(tmp_path: Path) -> None:
    samples = np.zeros(16000 + 8000 + 5000)
    samples[-5000:] = np.random.default_rng(4).uniform(-0.5, 0.5, 5000)
    path = save_sound(tmp_path, samples)
    for model in (MICRO_SPEECH, interface([(1, 49, 10, 1)], [(1, 12)])):
        first, _, last = Audio(model, TaskSettings()).prepare([path]).inputs
        assert (last[0] > first[0].min()).any()


def test_a_short_sound_is_completed_with_silence(tmp_path: Path) -> None:
    sound = save_sound(tmp_path, np.zeros(10))
    for model, shape in (
        (MICRO_SPEECH, (1, 1960)),
        (interface([(1, 49, 10, 1)], [(1, 12)]), (1, 49, 10, 1)),
        (interface([(1, 96, 64)], [(1, 521)]), (1, 96, 64)),
        (interface([(1, 3, 40)], [(1, 1)], is_stateful=True), (1, 3, 40)),
    ):
        job = Audio(model, TaskSettings()).prepare([sound])
        assert [elements.shape for (elements,) in job.inputs] == [shape]
        assert np.isfinite(job.inputs[0][0]).all()


def test_ratings_below_the_threshold_are_left_out(tmp_path: Path) -> None:
    job = Audio(MICRO_SPEECH, TaskSettings(threshold=0.9)).prepare([save_sound(tmp_path, np.zeros(16000))])
    result = job.interpret([[np.array([[0, 0, 0, 0]], np.int8)]])
    assert result.as_json() == {"classes": [], "segments": [{"start": 0.0, "end": 1.0, "classes": []}]}
    assert result.table().caption == "no class is rated above the threshold"


def test_a_wake_word_is_rated_by_means_of_five(tmp_path: Path) -> None:
    model = interface([(1, 3, 40)], [(1, 1)], is_stateful=True)
    job = Audio(model, TaskSettings()).prepare([save_sound(tmp_path, np.zeros(16000))])
    assert len(job.inputs) == 98 // 3
    ratings = np.zeros(len(job.inputs), np.float32)
    ratings[10:14] = 1
    result = job.interpret([[value.reshape(1, 1)] for value in ratings])
    assert result.classes[0].score == pytest.approx(0.8)


def test_models_of_other_features_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"which features of a sound the model's input float32\[1, 640\] takes"):
        Audio(interface([(1, 640)], [(1, 2)]), TaskSettings())


DENOISE = interface(
    [tensor((1, 1, 257), DType.INT8, 0.07, -128)], [tensor((1, 1, 257), DType.INT8, 1 / 255, -128)], is_stateful=True
)


@pytest.mark.parametrize("count", [1, 127, 512, 5000])
@pytest.mark.parametrize(("element", "part"), [(127, 1.0), (-128, 0.0), (-26, 102 / 255)])
def test_a_mask_is_what_is_left_of_a_sound(tmp_path: Path, count: int, element: int, part: float) -> None:
    samples = np.random.default_rng(3).uniform(-0.9, 0.9, count)
    path = save_sound(tmp_path, samples)
    job = Denoise(DENOISE, TaskSettings()).prepare([path])
    result = job.interpret([[np.full((1, 1, 257), element, np.int8)] for _ in job.inputs])
    np.testing.assert_allclose(result.sound().samples, part * Waveform.read(path, 16000).samples, atol=1e-9)


def test_only_masked_frequencies_are_left_out(tmp_path: Path) -> None:
    time = np.arange(16000) / 16000
    low, high = (0.3 * np.sin(2 * np.pi * frequency * time) for frequency in (500, 4000))
    job = Denoise(DENOISE, TaskSettings()).prepare([save_sound(tmp_path, low + high)])
    mask = np.full((1, 1, 257), 127, np.int8)
    mask[..., 64:] = -128
    clean = job.interpret([[mask] for _ in job.inputs]).sound().samples
    np.testing.assert_allclose(clean[1000:-1000], low[1000:-1000], atol=0.01)


def test_models_without_states_are_refused() -> None:
    model = interface(DENOISE.inputs, DENOISE.outputs)
    with pytest.raises(InvalidInput, match="not one without states"):
        Denoise(model, TaskSettings())
