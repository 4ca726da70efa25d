"""``npu-hal bench``: contenders take turns, and what cannot run says why."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from npu_hal.api import InvalidOption
from npu_hal.bench.contender import Contender
from npu_hal.bench.session import Result

from ..conformance.installed import install_module, npu_hal

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
MODEL = DIGITS / "digits_uint8.tflite"

_STUMBLING_DRIVER = """
import os
from npu_hal.api import *
from npu_hal.registry import default_registry

class Stumbling(Driver):
    name = "stumbling"
    api_version = API_VERSION
    def probe(self):
        return [DeviceInfo("one", DeviceKind.EMULATOR, "a device that takes its process with it")]
    def open(self, device=None, options=None):
        os._exit(3)

@hookimpl
def npu_hal_drivers():
    return [Stumbling()]
"""


def test_contenders_are_parsed() -> None:
    contender = Contender.parse("etnaviv/emulator:a311d,compatible=mesa", 2)
    assert (contender.driver, contender.device, contender.threads) == ("etnaviv", "emulator:a311d", 2)
    assert contender.options == {"compatible": "mesa"}
    assert contender.label == "etnaviv/emulator:a311d,compatible=mesa"
    assert Contender(**contender.as_data()) == contender
    for wrong in ("", "/device", "software,level", "software,=1"):
        with pytest.raises(InvalidOption):
            Contender.parse(wrong, None)


def test_statistics() -> None:
    result = Result("model", "driver", seconds=[float(value) for value in range(11)])
    assert (result.median, result.minimum, result.p90) == (5.0, 0.0, 9.0)
    assert Result("model", "driver", seconds=[2.0]).p90 == 2.0


def test_drivers_and_litert_take_turns(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT, the extra tflite")
    pytest.importorskip("matplotlib", reason="needs matplotlib, the extra plot")
    chart = tmp_path / "chart.png"
    result = npu_hal(
        *("bench", str(MODEL), "--driver", "software,level=reference", "--driver", "software", "--compare", "litert"),
        *("--threads", "1", "--runs", "4", "--per-op", "--json", "--plot", str(chart)),
    )
    assert result.returncode == 0, result.stderr
    results = json.loads(result.stdout)["results"]
    assert [item["contender"] for item in results] == ["software,level=reference", "software", "litert"]
    for item in results:
        assert len(item["seconds"]) == 4
        assert item["minimum"] <= item["median"] <= max(item["seconds"])
        assert item["first_seconds"] > item["median"]
        assert item["peak_bytes"] > 1 << 20
    operations = {part["operation"] for part in results[0]["operations"]}
    assert operations == set(range(11))
    assert not results[2]["operations"]
    with Image.open(chart) as picture:
        assert picture.format == "PNG"
        assert picture.width > 500


def test_the_table_compares() -> None:
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT, the extra tflite")
    arguments = ["bench", str(MODEL), "--driver", "software", "--runs", "2", "--compare", "litert"]
    result = npu_hal(*arguments)
    assert result.returncode == 0, result.stderr
    assert "/ litert" in result.stdout
    assert "1.00" in result.stdout


def test_a_contender_that_cannot_run_says_why_and_the_others_go_on() -> None:
    arguments = ["bench", str(MODEL), "--driver", "software/gpu", "--driver", "software", "--runs", "2", "--json"]
    result = npu_hal(*arguments)
    assert result.returncode == 1
    failed, worked = json.loads(result.stdout)["results"]
    assert "no device 'gpu'" in failed["error"]
    assert len(worked["seconds"]) == 2


def test_a_process_that_dies_is_one_sentence(tmp_path: Path) -> None:
    environment = install_module(tmp_path, "stumbling_npu", _STUMBLING_DRIVER)
    result = npu_hal("bench", str(MODEL), "--driver", "stumbling", environment=environment)
    assert result.returncode == 1
    assert "stumbling ended unexpectedly while it ran digits_uint8 (exit code 3)" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such.tflite"], 1, "there is no file no-such.tflite"),
        ([str(MODEL), "--driver", "sotfware"], 1, "no driver 'sotfware'"),
        ([str(MODEL), "--compare", "onnx"], 2, "'onnx' is not one of: litert"),
        ([str(MODEL), "--runs", "0"], 2, "--runs"),
        ([str(MODEL), "--driver", "software,fast"], 1, "a contender is DRIVER"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_arguments(arguments: list[str], code: int, words: str) -> None:
    result = npu_hal("bench", *arguments)
    assert result.returncode == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_ctrl_c_ends_all_quietly() -> None:
    command = [sys.executable, "-m", "npu_hal.cli", "bench", str(MODEL), "--driver", "software", "--runs", "1000000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            workers: list[str] = []
            deadline = time.monotonic() + 60
            while not workers and time.monotonic() < deadline:
                time.sleep(0.2)
                workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            time.sleep(1)
            # As a terminal does: to the whole group in front.
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        finally:
            # A program that goes on would be waited for without end.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    # An empty line is what the progress bar leaves.
    assert (process.returncode, errors.strip()) == (130, "")
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_chart_is_not_overwritten(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, the extra plot")
    chart = tmp_path / "chart.png"
    chart.write_text("mine")
    result = npu_hal("bench", str(MODEL), "--plot", str(chart))
    assert result.returncode == 1
    assert chart.read_text() == "mine"
