"""npu-hal doctor on machines with and without an NPU, as its process sees them through the preloaded shim."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.etnaviv.fake_kernel import GC7000, FakeKernel, FakeNode, build_shim, npu

Finding = dict[str, str]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


def run_doctor(environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON document."""
    kept = {name: value for name, value in environment.items() if name not in ("TEFLON_DRIVER", "TEFLON_DEVICE")}
    command = [sys.executable, "-m", "npu_hal.cli", "doctor", "--json", *arguments]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def findings(document: dict[str, Any], section: str) -> dict[str, Finding]:
    """A section's findings by what was checked."""
    (found,) = [part["findings"] for part in document["sections"] if part["title"] == section]
    return {finding["check"]: finding for finding in found}


def on_nodes(folder: Path, shim: Path, nodes: dict[str, FakeNode]) -> tuple[int, dict[str, Any], dict[str, Finding]]:
    """What doctor says of render nodes, without the emulators' tests."""
    with FakeKernel(folder / "dri", shim, nodes) as kernel:
        code, document = run_doctor(kernel.environment())
    etnaviv = findings(document, "driver etnaviv")
    return code, document, {check: found for check, found in etnaviv.items() if not check.startswith("emulator")}


def test_an_npu_is_identified_and_tested(tmp_path: Path, shim: Path) -> None:
    code, document, found = on_nodes(tmp_path, shim, {"renderD128": FakeNode(cores=(npu("imx8mp"),))})
    assert code == 0
    assert document["healthy"] is True
    assert {finding["status"] for finding in found.values()} == {"ok"}
    assert "vipnano-si+.8002.9f" in found["chip"]["observation"]
    (device,) = [finding for check, finding in found.items() if check.startswith("npu ")]
    assert "self-test passed" in device["observation"]
    default = findings(document, "environment")["default device"]
    assert default["observation"].startswith("etnaviv ")


def test_a_machine_without_an_npu_has_no_problem(tmp_path: Path) -> None:
    code, document = run_doctor({**os.environ, "TEFLON_DRM_DIR": str(tmp_path)})
    assert code == 0
    found = findings(document, "driver etnaviv")
    assert found["render nodes"]["status"] == "warning"
    assert str(tmp_path) in found["render nodes"]["observation"]
    assert "emulator:a311d" in found["render nodes"]["advice"]
    assert "self-test passed" in found["emulator emulator:a311d"]["observation"]
    assert findings(document, "environment")["default device"]["observation"].startswith("software cpu")


def test_a_node_that_may_not_be_opened_is_a_problem_of_groups(tmp_path: Path, shim: Path) -> None:
    code, _, found = on_nodes(tmp_path, shim, {"renderD128": FakeNode(open_error=errno.EACCES)})
    assert code == 1
    (device,) = [finding for check, finding in found.items() if check.startswith("npu ")]
    assert device["status"] == "problem"
    assert "usermod" in device["observation"]
    assert any(check.startswith("group ") for check in found)


def test_a_gpu_is_no_npu_and_the_device_tree_is_suspected(tmp_path: Path, shim: Path) -> None:
    code, _, found = on_nodes(tmp_path, shim, {"renderD128": FakeNode(cores=(GC7000,))})
    assert code == 0
    assert found["node renderD128"]["status"] == "warning"
    assert "GPU" in found["node renderD128"]["observation"]
    assert "device tree" in found["node renderD128"]["advice"]
    assert found["kernel module etnaviv"]["status"] == "ok"


def test_an_old_kernel_driver_is_a_problem(tmp_path: Path, shim: Path) -> None:
    code, _, found = on_nodes(tmp_path, shim, {"renderD128": FakeNode(version=(1, 3))})
    assert code == 1
    (device,) = [finding for check, finding in found.items() if check.startswith("npu ")]
    assert "1.3" in device["observation"]
    assert "Linux 6.7" in device["observation"]


def test_other_peoples_nodes_do_not_matter(tmp_path: Path, shim: Path) -> None:
    nodes = {"renderD128": FakeNode(driver="i915"), "renderD129": FakeNode()}
    code, _, found = on_nodes(tmp_path, shim, nodes)
    assert code == 0
    assert found["node renderD128"]["status"] == "ok"
    assert "i915" in found["node renderD128"]["observation"]


def test_the_default_device_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    environment = {**os.environ, "TEFLON_DRM_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "npu_hal.cli", "doctor", "--no-self-test"]
    done = subprocess.run(
        command,
        env={**environment, "TEFLON_DRIVER": "etnaviv"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "problem default device: what would be used cannot be opened: no NPU was found" in done.stdout
    assert "what to do: unset or change TEFLON_DRIVER=etnaviv" in done.stdout
