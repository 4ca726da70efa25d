"""The whole driver on a render node that a preloaded shim serves from the emulated NPU, with system calls that fail."""

import errno
from pathlib import Path
from typing import Any

import pytest

from tests.etnaviv.fake_kernel import FakeKernel, FakeNode, build_shim, npu

FAULTS = {
    "": "ok",
    f"GEM_NEW:5-5:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_INFO:7-7:{errno.EIO}": "DeviceLost",
    f"mmap:3-3:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_CPU_PREP:1-1:{errno.EIO}": "DeviceLost",
    f"GEM_CPU_PREP:2-2:{errno.ETIMEDOUT}": "DeviceTimeout",
    f"GEM_CPU_PREP:3-3:{errno.ENODEV}": "DeviceLost",
    f"GEM_CPU_FINI:2-2:{errno.ENODEV}": "DeviceLost",
    f"GEM_SUBMIT:1-1:{errno.EIO}": "DeviceLost",
    f"GEM_SUBMIT:2-2:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_SUBMIT:3-3:{errno.ENODEV}": "DeviceLost",
    f"GEM_SUBMIT:1-250:{errno.EINTR}": "ok",
    f"WAIT_FENCE:1-1:{errno.EIO}": "DeviceLost",
    f"WAIT_FENCE:2-2:{errno.ETIMEDOUT}": "DeviceTimeout",
    f"WAIT_FENCE:3-100:{errno.EAGAIN}": "ok",
}
"""Calls that fail, as `fake_kernel` takes them, and what comes of it."""

CHIP = "imx8mp"
Results = tuple[dict[str, Any], FakeKernel]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("drm")
    nodes = {"renderD128": FakeNode(driver="panfrost"), "renderD129": FakeNode(cores=(npu(CHIP),))}
    with FakeKernel(folder / "dri", build_shim(folder), nodes) as kernel:
        return kernel.run("-m", "tests.etnaviv.drm_driver_client", CHIP, *FAULTS), kernel


def test_the_npu_is_probed_first(results: Results) -> None:
    names = [Path(name).name for name in results[0]["probed"]]
    assert names[:2] == ["renderD129", "emulator:a311d"]


@pytest.mark.parametrize("fault", FAULTS)
def test_failures_end_in_the_right_exception_and_leave_nothing_behind(results: Results, fault: str) -> None:
    result = results[0][fault]
    assert result["error"] == FAULTS[fault]
    assert result["right"] == (FAULTS[fault] == "ok")
    assert (result["leaked_descriptors"], result["leaked_mappings"]) == (0, 0)
    assert result["next_device_works"]


def test_the_kernel_has_everything_back(results: Results) -> None:
    kernel = results[1]
    assert (kernel.open_clients, kernel.open_handles, kernel.double_closes) == (0, 0, 0)
