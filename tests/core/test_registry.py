"""Plugins are found, checked, and reported by distribution, version and reason if they cannot be used."""

import logging
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from npu_hal.api import API_VERSION, DeviceKind, Driver, DriverBroken, DriverIncompatible, NoSuchDriver
from npu_hal.registry import Registry, default_registry

from .plugins import ExampleDriver, entry_point, plugin


def broken() -> Any:
    raise ImportError("libchip.so.2: cannot open shared object file")


def test_a_registered_driver_is_found_by_its_name_and_not_its_entry_points() -> None:
    registry = Registry([entry_point("whatever", lambda: plugin(ExampleDriver("mychip")))])
    assert list(registry.drivers) == ["mychip"]
    assert registry.get("mychip").name == "mychip"
    assert registry.owner("mychip") == "example-npu 3.1"


def test_an_unknown_name_lists_what_is_installed() -> None:
    registry = Registry([entry_point("a", lambda: plugin(ExampleDriver("a"), ExampleDriver("b")))])
    with pytest.raises(NoSuchDriver, match="no driver 'c'; installed drivers are: a, b"):
        registry.get("c")


@pytest.mark.parametrize(
    ("loader", "kind", "words"),
    [
        (broken, DriverBroken, "could not be loaded: ImportError: libchip.so.2"),
        (lambda: ModuleType("empty"), DriverBroken, "registers no driver"),
        (lambda: plugin("mychip"), DriverBroken, "registers 'mychip', which is no npu_hal.api.Driver"),
        (lambda: plugin(SimpleNamespace(name="x")), DriverBroken, "which is no npu_hal.api.Driver"),
        (
            lambda: plugin(ExampleDriver("mychip", (API_VERSION.major + 1, 0))),
            DriverIncompatible,
            f"was written for version {API_VERSION.major + 1}.0 of the driver interface, this npu-hal has version "
            f"{API_VERSION}",
        ),
        (
            lambda: plugin(ExampleDriver("mychip", (API_VERSION.major, API_VERSION.minor + 1))),
            DriverIncompatible,
            f"was written for version {API_VERSION.major}.{API_VERSION.minor + 1}",
        ),
    ],
)
def test_a_bad_plugin_is_reported_and_the_rest_goes_on(
    loader: Any, kind: type[Exception], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "npu_hal.registry"):
        registry = Registry([entry_point("mychip", loader), entry_point("z", lambda: plugin(ExampleDriver("good")))])
    assert list(registry.drivers) == ["good"]
    (rejected,) = registry.rejected
    assert (rejected.distribution, rejected.version, rejected.entry_point) == ("example-npu", "3.1", "mychip")
    message = str(rejected.error)
    assert words in message
    assert "example-npu 3.1" in message
    assert message in caplog.text
    with pytest.raises(kind, match=r"example-npu 3\.1"):
        registry.get("mychip")


def test_a_rejected_plugin_keeps_no_frames_alive() -> None:
    registry = Registry([entry_point("mychip", broken)])
    error = registry.rejected[0].error
    assert error.__traceback__ is None
    assert error.__cause__ is not None
    assert error.__cause__.__traceback__ is None


def test_a_driver_without_a_version_is_refused() -> None:
    class Versionless(ExampleDriver):
        def __init__(self) -> None:
            super().__init__("mychip")
            del self.api_version

    registry = Registry([entry_point("mychip", lambda: plugin(Versionless()))])
    assert "does not say its api_version" in str(registry.rejected[0].error)


def test_the_second_driver_of_a_name_is_refused() -> None:
    registry = Registry(
        [
            entry_point("a", lambda: plugin(ExampleDriver("mychip")), "first", "1"),
            entry_point("b", lambda: plugin(ExampleDriver("mychip")), "second", "2"),
        ]
    )
    assert registry.owner("mychip") == "first 1"
    assert "second 2 is left out: first 1 has one of that name" in str(registry.rejected[0].error)


def test_the_fallback_runs_on_a_usable_cpu() -> None:
    def drivers() -> Any:
        return plugin(
            ExampleDriver("npu"),
            ExampleDriver("ill", device_kind=DeviceKind.CPU, problem="switched off"),
            ExampleDriver("cpu", device_kind=DeviceKind.CPU),
        )

    assert Registry([entry_point("x", drivers)]).fallback().name == "cpu"
    with pytest.raises(NoSuchDriver, match="runs on the CPU"):
        Registry([]).fallback()


def test_the_drivers_of_this_distribution_come_through_entry_points() -> None:
    registry = default_registry()
    assert {"software", "etnaviv"} <= registry.drivers.keys()
    assert registry.owner("software").startswith("npu-hal ")
    assert all(isinstance(driver, Driver) for driver in registry.drivers.values())


def test_importing_the_registry_imports_no_driver() -> None:
    code = "import sys, npu_hal.registry; sys.exit(any(name.startswith('npu_hal_') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
