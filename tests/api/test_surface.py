"""The public surface moves only with API_VERSION, and a minor version only adds."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from npu_hal.api import API_VERSION

_SPEC = importlib.util.spec_from_file_location("api_surface", Path(__file__).parent / "surface.py")
assert _SPEC is not None
assert _SPEC.loader is not None
surface = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(surface)


def _normal(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _records() -> list[tuple[int, int]]:
    return sorted(
        tuple(int(part) for part in path.stem.split("."))  # type: ignore[misc]
        for path in surface.FOLDER.glob("*.json")
    )


def _read(version: tuple[int, int]) -> dict[str, Any]:
    return dict(json.loads(surface.record_file(version).read_text()))


def test_surface_is_the_recorded_one() -> None:
    assert surface.record_file(API_VERSION).exists(), "record the surface of this version: tests/api/surface.py"
    assert _normal(surface.describe_surface()) == _read(API_VERSION), (
        "the public surface of npu_hal.api changed: move API_VERSION, then record it with tests/api/surface.py"
    )


def test_no_record_is_newer_than_the_version() -> None:
    assert _records()[-1] == API_VERSION


@pytest.mark.parametrize("earlier", _records()[:-1], ids=lambda version: "{}.{}".format(*version))
def test_a_minor_version_only_adds(earlier: tuple[int, int]) -> None:
    if earlier[0] != API_VERSION.major:
        return
    now = _read(API_VERSION)
    for name, description in _read(earlier).items():
        assert name in now, f"{name} was removed since {earlier}"
        _assert_contained(description, now[name], name)


def _assert_contained(old: Any, new: Any, place: str) -> None:
    """Old keys are still there with the same meaning; new fields must be optional, new methods concrete."""
    if not isinstance(old, dict):
        assert new == old, f"{place} changed from {old!r} to {new!r}"
        return
    for key, value in old.items():
        assert key in new, f"{place}.{key} was removed"
        _assert_contained(value, new[key], f"{place}.{key}")
    for key in new.keys() - old.keys():
        assert not (isinstance(new[key], dict) and new[key].get("required")), f"{place}.{key} is new and required"
        assert not str(new[key]).startswith("abstract"), f"{place}.{key} is new and abstract"
