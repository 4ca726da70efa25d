"""Which driver, device and driver options a delegate uses."""

import pytest

import teflon
from npu_hal.api import InvalidOption
from npu_hal.registry import Registry

from ..core.plugins import ExampleDriver, entry_point, plugin
from .probe_driver import ProbeDriver


@pytest.fixture
def registry(probe: ProbeDriver) -> Registry:
    """The probe driver, and another one that is chosen where nothing is said."""
    return Registry([entry_point("probe", lambda: plugin(probe, ExampleDriver("a"), ExampleDriver("other")))])


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEFLON_DRIVER", raising=False)
    monkeypatch.delenv("TEFLON_DEVICE", raising=False)


def test_the_environment_chooses(probe: ProbeDriver, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "probe")
    monkeypatch.setenv("TEFLON_DEVICE", "bench")
    teflon.Delegate(registry=registry)
    assert probe.devices[0].opened_as == "bench"


def test_options_win_over_the_environment(
    probe: ProbeDriver, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "other")
    monkeypatch.setenv("TEFLON_DEVICE", "x")
    teflon.Delegate(registry=registry, options={"driver": "probe", "device": "bench"})
    teflon.Delegate(registry=registry, options={"driver": "probe"})
    assert [device.opened_as for device in probe.devices] == ["bench", None]


def test_arguments_win_over_options(probe: ProbeDriver, registry: Registry) -> None:
    teflon.Delegate(driver="probe", device="bench", registry=registry, options={"driver": "other", "device": "x"})
    assert probe.devices[0].opened_as == "bench"


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, {"speed": "slow", "device": "none"}),
        ({"speed": "fast"}, {"speed": "fast", "device": "none"}),
        ({"driver.speed": "fast"}, {"speed": "fast", "device": "none"}),
        # The delegate's own options come first; the long form reaches the driver's of the same name.
        ({"driver.device": "some"}, {"speed": "slow", "device": "some"}),
    ],
)
def test_driver_options(probe: ProbeDriver, registry: Registry, options: dict[str, str], given: dict[str, str]) -> None:
    teflon.Delegate(driver="probe", registry=registry, options=options)
    assert probe.devices[0].given_options == given


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sped": "fast"}, "no option 'sped'; its options with driver probe are: driver, device, .*speed"),
        ({"driver.sped": "fast"}, "no option 'driver.sped'"),
        ({"speed": "fast", "driver.speed": "slow"}, "option speed of driver probe is given twice"),
        ({"speed": "warp"}, "option speed of driver probe cannot be 'warp'; it is one of: slow, fast"),
    ],
)
def test_bad_options_are_named(registry: Registry, options: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        teflon.Delegate(driver="probe", registry=registry, options=options)
