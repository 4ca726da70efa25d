"""Opening NPUs by name."""

import errno
from pathlib import Path

import pytest

from npu_hal.api.errors import DeviceNotFound
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface
from npu_hal_etnaviv.kernel.devices import core_of, open_device
from npu_hal_etnaviv.kernel.drm.render_node import FOLDER_VARIABLE
from npu_hal_etnaviv.kernel.interface import CoreIdentity
from tests.etnaviv.fake_kernel import GC7000, FakeKernel, FakeNode, build_shim, npu

SCRIPT = """
import json, sys
from npu_hal.api.errors import NpuHalError
from npu_hal_etnaviv.kernel.devices import core_of, open_device
results = []
for name in [None, *sys.argv[1:]]:
    try:
        with open_device(name) as kernel:
            results.append([type(kernel).__name__, core_of(kernel.identity).name])
    except NpuHalError as error:
        results.append([type(error).__name__, str(error)])
print(json.dumps(results))
"""


def open_all(folder: Path, nodes: dict[str, FakeNode], names: list[str]) -> list[list[str]]:
    with FakeKernel(folder / "dri", build_shim(folder), nodes) as kernel:
        results: list[list[str]] = kernel.run("-c", SCRIPT, *names)
    return results


def test_devices_open_by_node_and_by_default(tmp_path: Path) -> None:
    nodes = {
        "renderD128": FakeNode(cores=(GC7000,)),
        "renderD129": FakeNode(cores=(npu("imx8mp"),)),
        "renderD130": FakeNode(),
        "renderD131": FakeNode(open_error=errno.EACCES),
    }
    names = ["renderD130", str(tmp_path / "dri" / "renderD129"), "renderD128", "renderD131", "renderD140"]
    results = open_all(tmp_path, nodes, names)
    imx8mp = ["DrmInterface", "vipnano-si+.8002.9f"]
    assert results[:3] == [imx8mp, ["DrmInterface", "vipnano-qi.7120.88"], imx8mp]
    assert results[3][0] == "DeviceNotFound"
    assert "GPU" in results[3][1]
    assert results[4][0] == "DevicePermission"
    assert "usermod" in results[4][1]
    assert results[5][0] == "DeviceNotFound"
    assert "renderD129" in results[5][1]


def test_a_forbidden_node_is_a_matter_of_permission(tmp_path: Path) -> None:
    (result,) = open_all(tmp_path, {"renderD128": FakeNode(open_error=errno.EACCES)}, [])
    assert result[0] == "DevicePermission"


def test_without_nodes_the_emulator_is_named_and_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(DeviceNotFound, match=r"modprobe etnaviv.*emulator:a311d"):
        open_device()
    with open_device("emulator:a311d") as kernel:
        assert isinstance(kernel, EmulatedInterface)
        assert core_of(kernel.identity) is kernel.core


def test_an_unknown_core_is_no_npu() -> None:
    with pytest.raises(DeviceNotFound, match="0x1234"):
        core_of(CoreIdentity(0x1234, 1, 2, 3, 4))
