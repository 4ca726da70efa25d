"""The shipped models of digits are what their README says, and what the script makes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from .. import digits_models

REPOSITORY = digits_models.FOLDER.parent.parent


@pytest.fixture(scope="module")
def accuracies() -> dict[str, float]:
    report = json.loads((digits_models.FOLDER / "accuracy.json").read_text())
    return dict(report["held_out_accuracy"])


@pytest.mark.parametrize("scheme", digits_models.SCHEMES)
def test_the_stated_accuracy_is_measured(scheme: str, accuracies: dict[str, float]) -> None:
    digits = load_digits()
    held_out = slice(3, None, 4)
    pixels = np.round(digits.images[held_out] * (255 / 16))[..., np.newaxis]
    prepared = {
        "uint8": pixels.astype(np.uint8),
        "int8": (pixels - 128).astype(np.int8),
        "float32": (pixels / 255).astype(np.float32),
    }[scheme]
    model = digits_models.model(scheme)
    answers = [digits_models.reference_output(model, image[np.newaxis]).argmax() for image in prepared]
    measured = float(np.mean(answers == digits.target[held_out]))
    assert measured == pytest.approx(accuracies[scheme], abs=5e-5)
    assert measured >= 0.97
    assert f"{100 * measured:.2f} %" in (digits_models.FOLDER / "README.md").read_text()


@pytest.mark.parametrize("scheme", digits_models.SCHEMES)
def test_the_samples_are_classified_rightly(scheme: str) -> None:
    for digit in range(10):
        values = digits_models.sample_input(digit, scheme)
        assert digits_models.reference_output(digits_models.model(scheme), values).argmax() == digit


@pytest.mark.slow
def test_the_script_reproduces_every_file(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "tools.digits", str(tmp_path)],
        cwd=REPOSITORY,
        # Small products gain nothing from threads, which on a busy machine wait for each other.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=True,
    )
    shipped = {path.name for path in digits_models.FOLDER.iterdir()} - {"README.md"}
    assert {path.name for path in tmp_path.iterdir()} == shipped
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (digits_models.FOLDER / path.name).read_bytes(), path.name
