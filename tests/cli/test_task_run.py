"""``npu-hal run --task`` writes answers, and refuses clearly."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from .. import digits_models
from .conftest import CommandLine

MODEL = digits_models.model("uint8")


def test_an_answer_is_printed_as_json(command: CommandLine) -> None:
    finished = command(
        *("run", MODEL, "-i", digits_models.sample(3), "--task", "classify", "--top", 2),
        *("--labels", digits_models.LABELS, "--json"),
    )
    assert finished.code == 0, finished.err
    document = json.loads(finished.out)
    expected = digits_models.reference_output(MODEL, digits_models.sample_input(3, "uint8"))[0]
    assert set(document) == {"model", "task", "steps", "refusals", "inferences", "run_ms", "output", "result"}
    assert (document["task"], document["inferences"], document["output"]) == ("classify", 1, None)
    first = document["result"]["classes"][0]
    assert first == {"index": 3, "label": "3", "score": expected[3] / 256}
    assert len(document["result"]["classes"]) == 2


def test_an_answer_is_printed_for_people(command: CommandLine) -> None:
    finished = command("run", MODEL, "-i", digits_models.sample(7), "--task", "auto", "--threshold", "0.5")
    assert finished.code == 0, finished.err
    assert "classify: the picture's classes" in finished.out
    assert ["7", "0.9961"] in [line.split() for line in finished.out.splitlines()]


@pytest.mark.parametrize("name", ["answer.png", "answer.jpg", "answer.BMP"])
def test_the_picture_is_written(command: CommandLine, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    finished = command("run", MODEL, "-i", digits_models.sample(7), "--output", path)
    assert finished.code == 0, finished.err
    assert f"written to {path}" in finished.out
    with Image.open(path) as picture, Image.open(digits_models.sample(7)) as original:
        assert picture.size == original.size
        assert picture.mode == "RGB"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_files_are_overwritten_by_force_only(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "answer.png"
    path.write_text("precious")
    arguments = ("run", MODEL, "-i", digits_models.sample(7), "--task", "classify", "--output", path)
    refused = command(*arguments)
    assert refused.code == 1
    assert refused.err.endswith(f"npu-hal: error: {path} exists already; --force overwrites it\n")
    assert path.read_text() == "precious"
    assert command(*arguments, "--force").code == 0
    with Image.open(path) as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize("arguments", [("--output", "pipe.png"), ("--random", "1", "--save-outputs", "pipe.png")])
def test_what_is_no_ordinary_file_is_not_replaced(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.png")
    refused = command("run", MODEL, "-i", digits_models.sample(7), "--force", *arguments)
    assert refused.code == 1
    assert "pipe.png is no ordinary file, and would be replaced by one; name another" in refused.err
    assert Path("pipe.png").is_fifo()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "translate"), "there is no task 'translate'; the tasks are: classify, detect, pose, segment,"),
        (("--task", "detect"), "how the model's outputs 'probabilities' [1, 10] tell boxes is not known"),
        (("--task", "audio"), "which features of a sound the model's input uint8[1, 8, 8, 1] takes is not known"),
        (("--task", "classify", "--random", "1"), "--random is for tensors and does not go with --task"),
        (("--task", "classify", "--save-outputs", "x.npz"), "--save-outputs is for tensors and does not go with"),
        (("--threshold", "0.5"), "--threshold goes with --task"),
        (("--task", "auto", "--threshold", "nan"), "nan is no score that others can surpass"),
        (("--task", "segment", "--threshold", "0.5"), "the task segment has no use for --threshold"),
        (("--output", "answer.txt"), "makes a picture, and answer.txt names no format for one; .png is one"),
        (("--output", "no/folder/a.png"), "there is no folder no/folder"),
        (("--output", f"{300 * 'a'}.png"), "aaa.png could not be written: "),
        (("--save-outputs", "a", "--profile", "a", "--force"), "--save-outputs and --profile are both to write a"),
        (("--task", "classify", "--input", "second.png"), "takes one picture, not 2 files"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = command("run", MODEL, "-i", digits_models.sample(1), *arguments)
    assert finished.code == 1
    assert message in finished.err
    assert finished.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_picture_is_asked_for(command: CommandLine) -> None:
    finished = command("run", MODEL, "--task", "classify")
    assert finished.code == 1
    assert "the task classify takes one picture, not 0 files; give it by --input FILE" in finished.err
