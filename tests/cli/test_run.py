"""``npu-hal run`` gives what LiteRT's reference kernels give, and reports it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .. import digits_models
from .conftest import CommandLine


def run_json(command: CommandLine, *arguments: object) -> dict[str, Any]:
    finished = command("run", *arguments, "--json")
    assert finished.code == 0, finished.err
    document = json.loads(finished.out)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("scheme", digits_models.SCHEMES)
@pytest.mark.parametrize("digit", [0, 9])
def test_an_image_gives_the_reference_kernels_output(
    command: CommandLine, tmp_path: Path, scheme: str, digit: int
) -> None:
    saved = tmp_path / "outputs.npz"
    image = digits_models.sample(digit)
    report = run_json(command, digits_models.model(scheme), "--input", image, "--save-outputs", saved)
    expected = digits_models.reference_output(digits_models.model(scheme), digits_models.sample_input(digit, scheme))
    with np.load(saved) as outputs:
        assert list(outputs) == ["probabilities"]
        assert outputs["probabilities"].dtype == expected.dtype
        if scheme == "float32":
            np.testing.assert_allclose(outputs["probabilities"], expected, rtol=0, atol=1e-5)
        else:
            np.testing.assert_array_equal(outputs["probabilities"], expected)
    assert report["outputs"][0]["top"][0]["index"] == digit


def test_the_document_describes_model_steps_and_outputs(command: CommandLine) -> None:
    model = digits_models.model("uint8")
    report = run_json(command, model, "-i", digits_models.sample(3), "--labels", digits_models.LABELS, "--top", 2)
    expected = digits_models.reference_output(model, digits_models.sample_input(3, "uint8"))[0]
    assert set(report) == {"model", "steps", "refusals", "run_ms", "inputs", "outputs"}
    assert report["model"] == str(model)
    assert report["refusals"] == []
    (step,) = report["steps"]
    assert (step["driver"], step["device"]) == ("software", "cpu")
    assert step["operations"] == list(range(11))
    assert sum(step["kinds"].values()) == 11
    assert step["kinds"]["CONV_2D"] == 4
    assert 0 < step["run_ms"] <= report["run_ms"]
    assert step["compile_ms"] > 0
    assert report["inputs"] == [{"name": "image", "dtype": "uint8", "shape": [1, 8, 8, 1]}]
    (output,) = report["outputs"]
    top = output.pop("top")
    assert output == {
        "name": "probabilities",
        "dtype": "uint8",
        "shape": [1, 10],
        "min": expected.min() / 256,
        "max": expected.max() / 256,
        "mean": pytest.approx(expected.mean() / 256),
    }
    assert top[0] == {"index": 3, "label": "3", "value": expected[3], "score": expected[3] / 256}
    assert [entry["value"] for entry in top] == sorted(expected.tolist(), reverse=True)[:2]


def test_people_get_tables(command: CommandLine) -> None:
    finished = command(
        "run", digits_models.model("uint8"), "-i", digits_models.sample(7), "--labels", digits_models.LABELS
    )
    assert finished.code == 0
    assert "output probabilities: uint8 [1, 10]" in finished.out
    rows = [line.split() for line in finished.out.splitlines()]
    assert ["7", "0.9961", "7"] in rows
    assert any(row[:4] == ["0", "software", "cpu", "11"] for row in rows)


def test_random_inputs_are_the_same_for_the_same_seed(command: CommandLine) -> None:
    first, again, other = (
        run_json(command, digits_models.model("float32"), "--random", seed)["outputs"] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_arrays_are_taken_as_they_are(command: CommandLine, tmp_path: Path) -> None:
    values = np.random.default_rng(5).integers(0, 256, (1, 8, 8, 1), np.uint8)
    np.save(tmp_path / "x.npy", values)
    np.savez(tmp_path / "x.npz", image=values)
    expected = digits_models.reference_output(digits_models.model("uint8"), values)[0]
    for name in ("x.npy", "x.npz"):
        report = run_json(command, digits_models.model("uint8"), "--input", tmp_path / name, "--top", 10)
        values_by_class = {entry["index"]: entry["value"] for entry in report["outputs"][0]["top"]}
        assert [values_by_class[index] for index in range(10)] == expected.tolist()


def test_a_pixel_range_is_quantised_by_the_models_scale(command: CommandLine, tmp_path: Path) -> None:
    # The model's input has scale 1/255 and zero point 0, so a range of 1 to 0 turns the picture into its negative.
    with Image.open(digits_models.sample(4)) as image:
        negative = 255 - np.array(image)
    model = digits_models.model("uint8")
    report = run_json(command, model, "-i", digits_models.sample(4), "--pixel-range", "1,0")
    expected = digits_models.reference_output(model, negative[np.newaxis, :, :, np.newaxis])[0]
    assert report["outputs"][0]["top"][0]["value"] == expected.max()
    assert report["outputs"][0]["mean"] == pytest.approx(expected.mean() / 256)


def test_outputs_are_not_overwritten_unasked(command: CommandLine, tmp_path: Path) -> None:
    kept = tmp_path / "outputs.npz"
    kept.write_text("precious")
    arguments = ("run", digits_models.model("uint8"), "--random", 1, "--save-outputs", kept)
    refused = command(*arguments)
    assert refused.code == 1
    assert refused.err.endswith(f"npu-hal: error: {kept} exists already; --force overwrites it\n")
    assert kept.read_text() == "precious"
    assert command(*arguments, "--force").code == 0
    with np.load(kept) as outputs:
        assert outputs["probabilities"].shape == (1, 10)
    assert list(tmp_path.iterdir()) == [kept]


def test_driver_options_reach_the_driver(command: CommandLine) -> None:
    report = run_json(
        command, digits_models.model("uint8"), "--random", 1, "--driver", "software", "--option", "level=reference"
    )
    assert report["steps"][0]["driver"] == "software"


def test_the_environment_names_the_driver(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "nothing-of-this-name")
    assert "no driver 'nothing-of-this-name'" in command("run", digits_models.model("uint8"), "--random", 1).err
    assert command("run", digits_models.model("uint8"), "--random", 1, "--driver", "software").code == 0


def test_an_input_may_have_another_shape(command: CommandLine) -> None:
    finished = command("run", digits_models.model("uint8"), "--random", 1, "--shape", "image=1,8,8,1")
    assert finished.code == 0, finished.err
    finished = command("run", digits_models.model("uint8"), "--random", 1, "--shape", "image=1,32,8,1")
    assert finished.code != 0
    assert "cannot be given the input shapes image=1,32,8,1" in finished.err
    assert "Traceback" not in finished.err


def test_an_input_has_one_shape(command: CommandLine) -> None:
    shapes = ("--shape", "image=1,9,9,1", "--shape", "image=1,8,8,1")
    finished = command("run", digits_models.model("uint8"), "--random", 1, *shapes)
    assert finished.code == 2
    assert "'image' was given two shapes" in finished.err


@pytest.mark.parametrize("shape", ["image", "image=", "=1,2", "image=1,x"])
def test_a_shape_is_a_name_and_sizes(command: CommandLine, shape: str) -> None:
    finished = command("run", digits_models.model("uint8"), "--random", 1, "--shape", shape)
    assert finished.code != 0
    assert "a shape is NAME=SIZE" in finished.err


def test_no_tflite_runtime_is_needed() -> None:
    script = (
        "import sys\n"
        "for name in ('ai_edge_litert', 'tflite_runtime', 'tensorflow'):\n"
        "    sys.modules[name] = None\n"
        "from npu_hal.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    arguments = ["run", str(digits_models.model("int8")), "-i", str(digits_models.sample(6)), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outputs"][0]["top"][0]["index"] == 6


def test_a_photograph_of_an_officer_is_recognised(command: CommandLine, shared: Path) -> None:
    report = run_json(
        command,
        shared / "models/classification/mobilenet_v1_1.0_224_quant.tflite",
        "--input",
        shared / "inputs/grace_hopper.bmp",
        "--labels",
        shared / "models/labels/labels_mobilenet_quant_v1_224.txt",
    )
    assert report["outputs"][0]["top"][0]["label"] == "military uniform"
