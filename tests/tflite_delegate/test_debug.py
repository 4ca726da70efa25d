"""What TEFLON_DEBUG=verbose tells."""

import logging
import re
import subprocess
from collections.abc import Callable

import pytest

import teflon
from npu_hal.registry import Registry

from .probe_driver import ProbeDriver
from .runtime import assert_same_as_reference, chain_model

LOGGER = "npu_hal.teflon"


def messages(
    registry: Registry, flags: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> list[str]:
    monkeypatch.setenv("TEFLON_DEBUG", flags)
    with caplog.at_level(logging.DEBUG, LOGGER):
        assert_same_as_reference(chain_model(), teflon.Delegate(registry=registry))
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


def test_tables_refusals_and_times(
    probe: ProbeDriver,
    probe_registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    probe.refused = frozenset({"LOGISTIC"})
    taken, refused, tables, compiled, invoked = messages(probe_registry, "verbose", monkeypatch, caplog)
    assert taken == "3 of 4 operators go to the device"
    assert refused == "left to TensorFlow Lite: node 3 LOGISTIC: LOGISTIC is not one of this device's"
    assert re.fullmatch(r"partition 0: compiled in \d+\.\d{3} ms", compiled)
    assert re.fullmatch(r"partition 0: invoked in \d+\.\d{3} ms", invoked)
    lines = tables.splitlines()
    assert lines[0] == "compiling partition 0: 6 tensors 3 operations"
    rows = [line.split() for line in lines]
    assert rows[1] == ["idx", "type", "scale", "zp", "has_data", "size", "name"]
    assert ["0", "uint8", "0.05", "128", "no", "1x6x6x3", "x"] in rows
    assert ["1", "uint8", "0.02", "120", "yes", "4x3x3x3", "weights"] in rows
    assert ["2", "int32", "0.001", "0", "yes", "4", "bias"] in rows
    assert rows[10] == ["idx", "type", "inputs", "outputs", "operation", "type-specific"]
    assert rows[12:] == [
        ["0", "CONV_2D", "0,1,2", "3", "padding=SAME"],
        ["1", "RELU", "3", "4"],
        ["2", "ADD", "3,4", "5"],
    ]


def test_silence_is_the_default(
    probe_registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert messages(probe_registry, "", monkeypatch, caplog) == []


def test_it_goes_to_stderr(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = (
        "import teflon; from tests.tflite_delegate.runtime import assert_same_as_reference, chain_model\n"
        "assert_same_as_reference(chain_model(), teflon.Delegate(driver='software'))"
    )
    process = run_python(code, TEFLON_DEBUG="verbose")
    assert process.returncode == 0
    assert process.stdout == ""
    assert "npu_hal.teflon: 4 of 4 operators go to the device" in process.stderr
    assert re.search(r"^npu_hal\.teflon: partition 0: invoked in", process.stderr, re.MULTILINE)
