"""``npu-hal disassemble`` on dumps of the driver's own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits_uint8.tflite"


def npu_hal(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "npu_hal.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module", params=["a311d", "imx8mp"])
def dump(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What compiling the digits' model for an emulated NPU submits."""
    folder: Path = tmp_path_factory.mktemp("dump") / request.param
    device = f"emulator:{request.param}"
    done = npu_hal("compile", MODEL, "--driver", "etnaviv", "--device", device, "--dump", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_submit_is_named(dump: Path) -> None:
    done = npu_hal("disassemble", dump)
    assert done.returncode == 0, done.stderr
    assert "submit-0000:" in done.stdout
    assert "PA_SYSTEM_MODE = 0x00000011" in done.stdout
    assert "kernel_xy_size = 3" in done.stdout
    assert "problem" not in done.stdout
    assert "channel 0: bias" not in done.stdout


def test_weights_are_decoded_on_request(dump: Path) -> None:
    done = npu_hal("disassemble", dump / "submit-0001", "--weights")
    assert done.returncode == 0, done.stderr
    assert "channel 0: bias" in done.stdout
    assert "bytes a weight" in done.stdout


def test_json_has_the_same(dump: Path) -> None:
    done = npu_hal("disassemble", dump, "--json", "--core", dump.name)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert list(document) == ["submit-0000", "submit-0001"]
    jobs = document["submit-0001"]["jobs"]
    assert {job["kind"] for job in jobs} == {"NN", "TP"}
    assert all(job["problem"] is None for job in jobs)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "captures were asked of nosuch, which is no folder"),
        (["."], "neither it nor a folder in it holds a bos.json"),
        ([".", "--core", "z80"], "z80"),
    ],
)
def test_what_is_no_dump_is_one_sentence(arguments: list[str], words: str) -> None:
    done = npu_hal("disassemble", *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
