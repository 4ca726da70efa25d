"""The DRM kernel interface through real system calls, answered by a preloaded shim."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.etnaviv.fake_kernel import GC7000, FakeKernel, FakeNode, build_shim, npu

MODEL = "g_conv_14x14_k3_i3_o9_s2_same"

FAULTS: dict[str, str] = {
    "": "ok",
    f"open:1-1:{errno.EACCES}": "DevicePermission",
    f"open:1-1:{errno.ENODEV}": "DeviceLost",
    f"open:1-1:{errno.ENOENT}": "DeviceNotFound",
    f"GEM_NEW:1-1:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_NEW:4-4:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_NEW:2-2:{errno.EIO}": "DeviceLost",
    f"GEM_NEW:2-2:{errno.ENODEV}": "DeviceLost",
    f"GEM_NEW:1-300:{errno.EINTR}": "ok",
    f"GEM_NEW:1-1000000:{errno.EINTR}": "DeviceTimeout",
    f"GEM_INFO:3-3:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_INFO:3-3:{errno.EIO}": "DeviceLost",
    f"GEM_INFO:2-150:{errno.EAGAIN}": "ok",
    f"mmap:2-2:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"mmap:1-1:{errno.ENODEV}": "DeviceLost",
    f"GEM_CPU_PREP:1-1:{errno.ETIMEDOUT}": "DeviceTimeout",
    f"GEM_CPU_PREP:2-2:{errno.EIO}": "DeviceLost",
    f"GEM_CPU_PREP:1-200:{errno.EINTR}": "ok",
    f"GEM_CPU_FINI:1-1:{errno.ENODEV}": "DeviceLost",
    f"GEM_SUBMIT:1-1:{errno.ENOMEM}": "OutOfDeviceMemory",
    f"GEM_SUBMIT:2-2:{errno.ENODEV}": "DeviceLost",
    f"GEM_SUBMIT:1-1:{errno.EIO}": "DeviceLost",
    f"GEM_SUBMIT:2-2:{errno.EINVAL}": "DeviceLost",
    f"GEM_SUBMIT:1-250:{errno.EINTR}": "ok",
    f"WAIT_FENCE:1-1:{errno.ETIMEDOUT}": "DeviceTimeout",
    f"WAIT_FENCE:2-2:{errno.EIO}": "DeviceLost",
    f"WAIT_FENCE:2-2:{errno.ENODEV}": "DeviceLost",
    f"WAIT_FENCE:1-120:{errno.EAGAIN}": "ok",
    f"WAIT_FENCE:1-1000000:{errno.EINTR}": "DeviceTimeout",
    f"GEM_CLOSE:1-3:{errno.EIO}": "ok",
    f"GEM_CLOSE:1-100:{errno.EINTR}": "ok",
}
"""What the shim lets fail, and how the attempt to run a model ends."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


Serve = Callable[..., FakeKernel]


@pytest.fixture
def serve(shim: Path, tmp_path: Path) -> Iterator[Serve]:
    kernels: list[FakeKernel] = []

    def start(**nodes: FakeNode) -> FakeKernel:
        kernel = FakeKernel(tmp_path / "dri", shim, nodes)
        kernel.__enter__()
        kernels.append(kernel)
        return kernel

    yield start
    for kernel in kernels:
        kernel.__exit__(None, None, None)


@pytest.fixture(scope="module")
def fault_results(
    shared: Path, shim: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], FakeKernel]:
    with FakeKernel(tmp_path_factory.mktemp("faults"), shim, {"renderD128": FakeNode()}) as kernel:
        golden = shared / "golden" / "a311d" / f"{MODEL}.json"
        return kernel.run("-m", "tests.etnaviv.drm_client", str(golden), "a311d", *FAULTS), kernel


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_system_call_ends_in_the_right_exception(
    fault_results: tuple[dict[str, Any], FakeKernel], fault: str
) -> None:
    result = fault_results[0][fault]
    assert result["error"] == FAULTS[fault], result
    assert result["right"] == (FAULTS[fault] == "ok")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_system_call_leaks_nothing(fault_results: tuple[dict[str, Any], FakeKernel], fault: str) -> None:
    result = fault_results[0][fault]
    assert result["leaked_descriptors"] == 0
    assert result["leaked_mappings"] == 0
    assert result["next_device_works"]


def test_handles_are_closed_once_and_all(fault_results: tuple[dict[str, Any], FakeKernel]) -> None:
    kernel = fault_results[1]
    assert kernel.open_clients == 0
    assert kernel.open_handles == 0
    assert kernel.double_closes == 0


def test_the_second_chip_behind_a_gpu_runs_too(shared: Path, serve: Serve) -> None:
    kernel = serve(renderD128=FakeNode(cores=(GC7000,)), renderD129=FakeNode(cores=(GC7000, npu("imx8mp"))))
    golden = shared / "golden" / "imx8mp" / f"{MODEL}.json"
    results = kernel.run("-m", "tests.etnaviv.drm_client", str(golden), "imx8mp", "")
    assert results[""]["right"], results


def test_processes_do_not_disturb_each_other(shared: Path, serve: Serve) -> None:
    kernel = serve(renderD128=FakeNode())
    arguments = [str(shared / "golden" / "a311d" / f"{MODEL}.json"), "a311d", "", f"GEM_SUBMIT:1-20:{errno.EINTR}"]
    command = [sys.executable, "-m", "tests.etnaviv.drm_client", *arguments]
    processes = [
        subprocess.Popen(command, env=kernel.environment(), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        output = process.communicate(timeout=120)[0]
        assert all(result["right"] for result in json.loads(output).values())
