"""``npu-hal devices`` lists drivers, devices, options, and what cannot be used."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from npu_hal.api import API_VERSION

from ..digits_models import model
from .conftest import CommandLine

MODEL = model("uint8")

PLUGIN = """
from npu_hal.api import ApiVersion, DeviceInfo, DeviceKind, DeviceNotFound, Driver, DriverOption, hookimpl


class Usable(Driver):
    name = "mychip"
    api_version = ApiVersion(1, 0)
    options = (DriverOption("clock", "in MHz", "800", ("400", "800")),)

    def probe(self):
        return [
            DeviceInfo("npu0", DeviceKind.NPU, "first", details={"revision": "4"}),
            DeviceInfo("npu1", DeviceKind.NPU, "second", problem="no permission; join the group render"),
        ]

    def open(self, device=None, options=None):
        raise DeviceNotFound("none")


class Future(Usable):
    name = "future"
    api_version = ApiVersion(2, 0)


class Unwell(Usable):
    name = "unwell"

    def probe(self):
        raise OSError("bus error")


@hookimpl
def npu_hal_drivers():
    return [Usable(), Future(), Unwell()]
"""
ENTRY_POINTS = "[npu_hal]\nmychip = mychip\nbroken = no_such_module_at_all\n"


def test_the_document_has_every_driver_device_and_rejection(
    program: CommandLine, distribution: Callable[[str, str, str], Path]
) -> None:
    site = distribution(ENTRY_POINTS, "mychip", PLUGIN)
    finished = program("devices", "--json", PYTHONPATH=str(site))
    assert (finished.code, finished.err) == (0, "")
    listing = json.loads(finished.out)
    assert listing["api_version"] == str(API_VERSION)
    drivers = {driver["name"]: driver for driver in listing["drivers"]}
    assert drivers["mychip"] == {
        "name": "mychip",
        "distribution": "example 2.5",
        "api_version": "1.0",
        "devices": [
            {
                "name": "npu0",
                "kind": "npu",
                "description": "first",
                "usable": True,
                "problem": "",
                "details": {"revision": "4"},
            },
            {
                "name": "npu1",
                "kind": "npu",
                "description": "second",
                "usable": False,
                "problem": "no permission; join the group render",
                "details": {},
            },
        ],
        "options": [{"name": "clock", "description": "in MHz", "default": "800", "choices": ["400", "800"]}],
    }
    assert drivers["software"]["devices"][0]["kind"] == "cpu"
    assert "bus error" in drivers["unwell"]["devices"][0]["problem"]
    rejected = {plugin["plugin"]: plugin for plugin in listing["rejected"] if plugin["distribution"] == "example"}
    assert "version 2.0" in rejected["mychip"]["error"]
    assert rejected["broken"]["version"] == "2.5"
    assert "no_such_module_at_all" in rejected["broken"]["error"]


def test_people_get_tables(program: CommandLine, distribution: Callable[[str, str, str], Path]) -> None:
    site = distribution(ENTRY_POINTS, "mychip", PLUGIN)
    finished = program("devices", PYTHONPATH=str(site), COLUMNS="200")
    assert finished.code == 0
    rows = [" ".join(line.split()) for line in finished.out.splitlines()]
    assert "mychip npu0 npu yes first" in rows
    assert "mychip npu1 npu no: no permission; join the group render second" in rows
    assert any("'future' of example 2.5 was written for version 2.0" in row for row in rows)


@pytest.mark.parametrize(
    ("driver", "sentence"),
    [
        ("broken", "plugin 'broken' of example 2.5 could not be loaded: ModuleNotFoundError"),
        ("nonesuch", "there is no driver 'nonesuch'; installed drivers are: "),
        ("mychip", "none"),
    ],
)
def test_one_sentence_for_each_driver_that_cannot_be_used(
    program: CommandLine, distribution: Callable[[str, str, str], Path], driver: str, sentence: str
) -> None:
    site = distribution(ENTRY_POINTS, "mychip", PLUGIN)
    finished = program("run", MODEL, "--random", "1", PYTHONPATH=str(site), TEFLON_DRIVER=driver)
    assert finished.code == 1
    errors = [line for line in finished.err.splitlines() if not line.startswith("npu-hal: warning: ")]
    assert len(errors) == 1
    assert errors[0].startswith(f"npu-hal: error: {sentence}")
