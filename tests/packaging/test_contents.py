"""What the wheel and the source distribution hold."""

import configparser
import sysconfig
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LIBRARIES = {"teflon/libteflon.so", "npu_hal_nnapi/libneuralnetworks.so"}

PACKAGES = (
    "npu_hal",
    "drivers/software/npu_hal_software",
    "drivers/etnaviv/npu_hal_etnaviv",
    "frontends/tflite_delegate/teflon",
    "frontends/nnapi_shim/npu_hal_nnapi",
)


def project(sources: Path) -> dict[str, Any]:
    document: dict[str, Any] = tomllib.loads((sources / "pyproject.toml").read_text())["project"]
    return document


def names(wheel: Path) -> set[str]:
    """The wheel's files, apart from its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (entry for entry in archive.namelist() if entry.endswith(f".dist-info/{name}"))
        return archive.read(path).decode()


def package_files(sources: Path) -> set[str]:
    """Every file of every package in the source tree, modules, types and data, by its path in a wheel."""
    packages = [sources / package for package in PACKAGES]
    files = [(path, package.parent) for package in packages for path in package.rglob("*") if path.is_file()]
    return {path.relative_to(parent).as_posix() for path, parent in files}


def test_the_wheel_is_for_every_python_3_of_one_platform(wheel: Path) -> None:
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert wheel.stem.split("-")[2:] == ["py3", "none", platform]


def test_the_wheel_holds_the_packages_and_the_libraries_and_nothing_else(sources: Path, wheel: Path) -> None:
    expected = package_files(sources)
    assert {
        "npu_hal/py.typed",
        "npu_hal/conformance/cases/convolution.npz",
        "npu_hal_software/py.typed",
        "npu_hal_etnaviv/hardware/npu_cores.json",
        "teflon/delegate.py",
        "npu_hal_nnapi/py.typed",
    } <= expected
    assert names(wheel) == expected | LIBRARIES


def test_the_libraries_are_shared_objects(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in LIBRARIES:
            assert archive.read(name).startswith(b"\x7fELF"), name


def test_entry_points_and_metadata_are_those_of_the_project(sources: Path, wheel: Path) -> None:
    declared = project(sources)
    points = configparser.ConfigParser()
    points.read_string(metadata(wheel, "entry_points.txt"))
    assert dict(points["console_scripts"]) == declared["scripts"]
    groups = {name: dict(points[name]) for name in points.sections() if name != "console_scripts"}
    assert groups == declared["entry-points"]
    headers = HeaderParser().parsestr(metadata(wheel, "METADATA"))
    assert headers["Version"] == declared["version"]
    assert headers["License-Expression"] == declared["license"]
    assert headers["Requires-Python"] == declared["requires-python"]
    assert set(headers.get_all("Provides-Extra", [])) == set(declared["optional-dependencies"])
    assert "MIT" in metadata(wheel, "licenses/LICENSE")


def test_the_source_distribution_holds_what_is_built_from_it(sources: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    in_c = {path.relative_to(sources).as_posix() for path in (sources / "frontends").rglob("*.[ch]")}
    assert len(in_c) >= 5
    assert in_c | {"LICENSE", "README.md", "pyproject.toml", "setup.py"} <= held
    assert not any(name.endswith((".so", ".pyc")) for name in held)
