"""Every failure is one sentence and an exit code; there is never a traceback."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import npu_hal.cli.run
from npu_hal.executor import GraphExecutor

from .. import digits_models
from .conftest import CommandLine

MODEL = digits_models.model("uint8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/no/such.tflite", "--random", "1"], "/no/such.tflite"),
        ([digits_models.LABELS, "--random", "1"], "no TensorFlow Lite model"),
        ([MODEL], "--input FILE gives the next one, --random SEED fills the rest"),
        ([MODEL, "-i", "/no/such.png"], "there is no file /no/such.png"),
        ([MODEL, "-i", digits_models.LABELS], "no image of a format that Pillow reads"),
        ([MODEL, "-i", digits_models.FOLDER], "Is a directory"),
        ([MODEL, "-i", digits_models.sample(1), "-i", digits_models.sample(2)], "one file too many"),
        ([MODEL, "--random", "1", "--driver", "nonesuch"], "there is no driver 'nonesuch'; installed drivers are: "),
        ([MODEL, "--random", "1", "--driver", "software", "--device", "tpu"], "no device 'tpu'"),
        ([MODEL, "--random", "1", "--driver", "software", "--option", "speed=11"], "no option 'speed'"),
        ([MODEL, "--random", "1", "--driver", "software", "--dump", "jobs"], "no option 'dump'"),
        ([MODEL, "--random", "1", "--labels", "/no/such.txt"], "labels file /no/such.txt could not be read"),
        ([MODEL, "--random", "1", "--labels", MODEL], "could not be read"),
        ([MODEL, "--random", "1", "--save-outputs", "/no/such/folder/x.npz"], "there is no folder /no/such/folder"),
        ([MODEL, "--random", "1", "--save-outputs", digits_models.FOLDER], "is a folder; name a file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(command: CommandLine, arguments: list[object], sentence: str) -> None:
    finished = command("run", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    errors = [line for line in finished.err.splitlines() if line.startswith("npu-hal: error: ")]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert "Traceback" not in finished.err


def test_labels_of_another_model_are_refused(command: CommandLine, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n")
    finished = command("run", MODEL, "--random", 1, "--labels", labels)
    assert finished.code == 1
    assert "names 2 classes, but output 'probabilities' rates 10" in finished.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonesuch"], "No such command 'nonesuch'"),
        (["run"], "Missing argument 'MODEL'"),
        (["run", MODEL, "--nonesuch"], "No such option"),
        (["run", MODEL, "--random", "x"], "Invalid value for '--random'"),
        (["run", MODEL, "--top", "0"], "Invalid value for '--top'"),
        (["run", MODEL, "--option", "fast"], "an option is KEY=VALUE, not 'fast'"),
        (["run", MODEL, "--option", "a=1", "--option", "a=2"], "'a' was given twice, as '1' and '2'"),
        (["run", MODEL, "--option", "dump=x", "--dump", "y"], "'dump' was given twice, as 'x' and 'y'"),
        (["run", MODEL, "--pixel-range", "wide"], "a pixel range is two numbers"),
        (["run", MODEL, "--pixel-range", "0,inf"], "a pixel range has finite ends"),
    ],
)
def test_wrong_usage_is_exit_code_2(command: CommandLine, arguments: list[object], sentence: str) -> None:
    finished = command(*arguments)
    assert finished.code == 2
    assert finished.out == ""
    assert sentence in finished.err


def test_no_arguments_show_the_help(command: CommandLine) -> None:
    finished = command()
    assert finished.code in (0, 2)
    shown = finished.out + finished.err
    assert "devices" in shown
    assert "TEFLON_DRIVER" in shown


def test_a_defect_is_one_sentence_and_a_hint(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(GraphExecutor, "run", fail)
    finished = command("run", MODEL, "--random", 1)
    assert finished.code == 1
    assert "ZeroDivisionError: by nothing (TEFLON_DEBUG=verbose shows where)" in finished.err
    assert "Traceback" not in finished.err
    monkeypatch.setenv("TEFLON_DEBUG", "verbose")
    assert "Traceback" in command("run", MODEL, "--random", 1).err


def test_too_little_memory_is_one_sentence(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(npu_hal.cli.run, "read_model", fail)
    finished = command("run", MODEL, "--random", 1)
    assert finished.code == 1
    assert finished.err == "npu-hal: error: there is not enough memory for this\n"


def test_an_interrupt_ends_quietly(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GraphExecutor, "run", interrupt)
    finished = command("run", MODEL, "--random", 1, "--driver", "software")
    assert finished.code == 130
    assert finished.out == ""
    assert "Traceback" not in finished.err


def test_ctrl_c_in_a_running_program(tmp_path: Path) -> None:
    fifo = tmp_path / "never.npy"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-m", "npu_hal.cli", "run", str(MODEL), "--input", str(fifo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            writer = open_what_is_read(fifo)
            out, err = interrupt(process)
            os.close(writer)
        finally:
            # A program that goes on would be waited for without end.
            process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err


def open_what_is_read(fifo: Path) -> int:
    """The other end of a pipe, once a program waits for what is in it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def interrupt(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Interrupt a program until it ends, as people do; what it wrote.

    An interrupt between Python's last look for signals and a read that waits is noticed when the read ends.
    """
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)
    pytest.fail("five interrupts did not end the program")


def test_a_reader_that_leaves_is_no_failure() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "npu_hal.cli", "devices", "--json"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(write_end)
    assert done.returncode == 141
    assert done.stderr == ""


def test_damaged_arrays_are_refused(command: CommandLine, tmp_path: Path) -> None:
    for name in ("cut.npy", "cut.npz"):
        (tmp_path / name).write_bytes(b"\x93NUMPY\x01\x00v")
        finished = command("run", MODEL, "--input", tmp_path / name)
        assert finished.code == 1
        assert "could not be read" in finished.err
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    assert "could not be read" in command("run", MODEL, "--input", tmp_path / "objects.npy").err
