"""Train the digits network and write its .tflite files: ``python -m tools.digits [FOLDER]``, from the repository.

The result is the same on every run and every machine; examples/digits holds it.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.digits.dataset import CLASSES, Digits, load
from tools.digits.evaluation import classify
from tools.digits.export import export
from tools.digits.network import build, run
from tools.digits.quantization import Float32, Int8PerChannel, Uint8PerTensor
from tools.digits.tflite_file import write_model
from tools.digits.training import train

SEED = 1
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "digits"
SCHEMES = {"float32": Float32(), "uint8": Uint8PerTensor(), "int8": Int8PerChannel()}

# For each model the class that it gives to each held-out image.
Answers = Mapping[str, NDArray[np.int64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=EXAMPLES, help=f"where to write (default: {EXAMPLES})")
    folder: Path = parser.parse_args().folder
    training, held_out = load()
    models = make_models(training)
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        (folder / f"digits_{name}.tflite").write_bytes(model)
    answers = {name: classify(model, held_out) for name, model in models.items()}
    write_accuracy(folder, answers, len(training), held_out)
    write_samples(folder, answers, held_out)


def make_models(training: Digits) -> dict[str, bytes]:
    """The contents of the .tflite files, by scheme."""
    rng = np.random.default_rng(SEED)
    layers = build(rng)
    train(layers, training, rng, lambda epoch, loss: print(f"epoch {epoch:3}: loss {loss:.4f}"))
    run(layers, training.real)
    return {
        name: write_model(export(layers, scheme, f"digits_{name}"), f"Handwritten digits, {name}")
        for name, scheme in SCHEMES.items()
    }


def write_accuracy(folder: Path, answers: Answers, trained_on: int, held_out: Digits) -> None:
    """accuracy.json: how many images there are, and the share that each model classifies rightly."""
    right = {name: int(np.sum(classes == held_out.labels)) for name, classes in answers.items()}
    report = {
        "training_images": trained_on,
        "held_out_images": len(held_out),
        "held_out_right": right,
        "held_out_accuracy": {name: round(count / len(held_out), 4) for name, count in right.items()},
    }
    (folder / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report["held_out_accuracy"]))


def write_samples(folder: Path, answers: Answers, held_out: Digits) -> None:
    """labels.txt, and for each digit the first held-out image that all models classify rightly, as digit_N.png."""
    (folder / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(CLASSES)))
    right = np.logical_and.reduce([classes == held_out.labels for classes in answers.values()])
    for digit in range(CLASSES):
        first = int(np.flatnonzero(right & (held_out.labels == digit))[0])
        Image.fromarray(held_out.pixels[first, :, :, 0]).save(folder / f"digit_{digit}.png", optimize=True)


main()
