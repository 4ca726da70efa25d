"""The environment selects a driver and a device; arguments win over it."""

import pytest

from npu_hal.api import DeviceKind, DeviceNotFound, NoSuchDriver
from npu_hal.registry import Registry
from npu_hal.selection import open_device, select

from .plugins import ExampleDriver, KindsDevice, entry_point, plugin


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.delenv("TEFLON_DRIVER", raising=False)
    monkeypatch.delenv("TEFLON_DEVICE", raising=False)
    drivers = (
        ExampleDriver("absent", problem="no node"),
        ExampleDriver("cpu", device_kind=DeviceKind.CPU),
        ExampleDriver("emulated", device_kind=DeviceKind.EMULATOR),
        ExampleDriver("npu"),
    )
    return Registry([entry_point("all", lambda: plugin(*drivers))])


def test_the_environment_selects(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "emulated")
    monkeypatch.setenv("TEFLON_DEVICE", "one")
    selection = select(registry=registry)
    assert (selection.driver.name, selection.device) == ("emulated", "one")


def test_arguments_win_over_the_environment(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "emulated")
    monkeypatch.setenv("TEFLON_DEVICE", "one")
    assert select("emulated", "two", registry).device == "two"
    other = select("cpu", registry=registry)
    assert (other.driver.name, other.device) == ("cpu", None)


def test_unnamed_an_npu_comes_before_the_cpu_and_an_emulator_never(registry: Registry) -> None:
    assert select(registry=registry).driver.name == "npu"
    without = Registry(
        [
            entry_point(
                "x",
                lambda: plugin(
                    ExampleDriver("a", device_kind=DeviceKind.EMULATOR),
                    ExampleDriver("c", device_kind=DeviceKind.CPU),
                    ExampleDriver("n", problem="no node"),
                ),
            )
        ]
    )
    assert select(registry=without).driver.name == "c"


def test_a_device_is_opened_with_its_options(registry: Registry) -> None:
    device = open_device("npu", options={"speed": "fast"}, registry=registry)
    assert isinstance(device, KindsDevice)
    assert device.given_options == {"speed": "fast"}


def test_errors_say_what_there_is(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "etna")
    with pytest.raises(NoSuchDriver, match="'etna'; installed drivers are: absent, cpu, emulated, npu"):
        select(registry=registry)
    with pytest.raises(DeviceNotFound, match="no device 'two'"):
        open_device("npu", "two", registry=registry)
