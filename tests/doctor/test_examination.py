"""What npu-hal doctor finds, piece by piece."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import npu_hal_nnapi.diagnosis
import teflon.diagnosis
from npu_hal.api import (
    ApiVersion,
    Array,
    Device,
    DeviceInfo,
    DeviceKind,
    DeviceLost,
    Driver,
    Finding,
    FindingStatus,
    Graph,
    NpuHalError,
    Subgraph,
    Support,
)
from npu_hal.doctor import Examination, examine
from npu_hal.doctor.libraries import examine_library
from npu_hal.doctor.self_test import self_test_graph
from npu_hal.layers.layer import LayerDevice
from npu_hal.registry import Registry
from npu_hal_etnaviv.kernel import diagnosis
from npu_hal_software.diagnosis import diagnose as diagnose_software
from npu_hal_software.driver import SoftwareDriver
from teflon.library import library_path
from tests.cli.conftest import CommandLine, command, distribution, program
from tests.core.pass_through import PassThroughSubgraph
from tests.core.plugins import entry_point, plugin

__all__ = ["command", "distribution", "program"]


class SpoiltDevice(LayerDevice):
    """The CPU, whose results a function spoils."""

    def __init__(self, behind: Device, spoil: Callable[[Array], None]) -> None:
        super().__init__(behind)
        self._spoil = spoil

    def create_subgraph(self, graph: Graph) -> Subgraph:
        return SpoiltSubgraph(self.behind.create_subgraph(graph), self._spoil)


class SpoiltSubgraph(PassThroughSubgraph):
    def __init__(self, behind: Subgraph, spoil: Callable[[Array], None]) -> None:
        super().__init__(behind)
        self._spoil = spoil

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        super().read_outputs(outputs)
        for output in outputs:
            self._spoil(output)


class SpoiltDriver(Driver):
    name = "spoilt"
    api_version = ApiVersion(1, 1)

    def __init__(self, spoil: Callable[[Array], None], findings: Callable[[], Sequence[Finding]] = tuple) -> None:
        self._spoil = spoil
        self._findings = findings

    def probe(self) -> Sequence[DeviceInfo]:
        return (DeviceInfo("npu0", DeviceKind.NPU, "an NPU"),)

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        return SpoiltDevice(SoftwareDriver().open(), self._spoil)

    def diagnose(self) -> Sequence[Finding]:
        return self._findings()


def flip_a_bit(output: Array) -> None:
    output.reshape(-1)[0] ^= 4


def leave(output: Array) -> None:
    pass


def lose(output: Array) -> None:
    raise DeviceLost("the device hung")


def break_down(output: Array) -> None:
    raise ZeroDivisionError("by mistake")


def examined(driver: Driver) -> dict[str, Finding]:
    """The findings on a driver beside the software driver."""
    registry = Registry(
        [entry_point("software", lambda: plugin(SoftwareDriver())), entry_point(driver.name, lambda: plugin(driver))]
    )
    return found(examine(registry), f"driver {driver.name}")


def found(examination: Examination, title: str) -> dict[str, Finding]:
    (section,) = [section for section in examination.sections if section.title == title]
    return {finding.check: finding for finding in section.findings}


def test_right_results_pass_the_self_test() -> None:
    finding = examined(SpoiltDriver(leave))["npu npu0"]
    assert finding.status is FindingStatus.OK
    assert "self-test passed" in finding.observation


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (flip_a_bit, "results are wrong"),
        (lose, "the device hung"),
        (break_down, "failed in a way that it should not: ZeroDivisionError"),
    ],
)
def test_what_a_device_does_wrong_is_a_problem(spoil: Callable[[Array], None], says: str) -> None:
    finding = examined(SpoiltDriver(spoil))["npu npu0"]
    assert finding.status is FindingStatus.PROBLEM
    assert says in finding.observation


def test_the_self_test_uses_most_of_the_range() -> None:
    graph = self_test_graph()
    tensor = graph.input_tensors[0]
    output = np.empty(graph.output_tensors[0].shape, np.uint8)
    values = np.random.default_rng(0).integers(0, 256, tensor.shape, np.uint8)
    with SoftwareDriver().open(options={"level": "reference"}) as device, device.create_subgraph(graph) as subgraph:
        subgraph.invoke([values])
        subgraph.read_outputs([output])
    assert len(np.unique(output)) > 100


def test_a_drivers_findings_are_passed_on() -> None:
    told = Finding("firmware", FindingStatus.WARNING, "it is old", "update it")
    assert examined(SpoiltDriver(leave, lambda: [told]))["firmware"] == told


@pytest.mark.parametrize("wrong", [lambda: 1 / 0, lambda: ["all is well"], lambda: None])
def test_a_driver_that_fails_to_look_is_a_problem(wrong: Callable[[], Sequence[Finding]]) -> None:
    findings = examined(SpoiltDriver(leave, wrong))
    assert findings["diagnosis"].status is FindingStatus.PROBLEM
    assert "self-test passed" in findings["npu npu0"].observation


def test_rejected_plugins_are_problems_with_their_distribution() -> None:
    class FromTheFuture(SoftwareDriver):
        name = "future"
        api_version = ApiVersion(9, 0)

    registry = Registry([entry_point("future", lambda: plugin(FromTheFuture()), "crystal-ball", "3.1")])
    rejected = found(examine(registry), "plugins")["plugin future"]
    assert rejected.status is FindingStatus.PROBLEM
    assert "9.0" in rejected.observation
    assert rejected.advice == "update or remove crystal-ball 3.1"


@pytest.mark.parametrize(
    ("variables", "check", "status", "says"),
    [
        ({"TEFLON_DRIVER": "sofware"}, "TEFLON_DRIVER", "problem", "installed drivers are"),
        ({"TEFLON_DRIVER": "validate+software"}, "TEFLON_DRIVER", "ok", "validate"),
        ({"TEFLON_DRIVER": "software", "TEFLON_DEVICE": "gpu"}, "default device", "problem", "'gpu'"),
        ({"TEFLON_DEVICE": "cpu"}, "TEFLON_DEVICE", "warning", "TEFLON_DRIVER is not set"),
        ({"TEFLON_DEBUG": "verbos"}, "TEFLON_DEBUG", "warning", "'verbos'"),
        ({"TEFLON_DEBUG": "verbose"}, "TEFLON_DEBUG", "ok", "verbose"),
        ({"TEFLON_DRIVR": "software"}, "TEFLON_DRIVR", "warning", "no such variable"),
        ({"TEFLON_DRIVER": ""}, "TEFLON_DRIVER", "ok", "empty"),
    ],
)
def test_variables(
    variables: dict[str, str], check: str, status: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEFLON_DRIVER", "TEFLON_DEVICE", "TEFLON_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    registry = Registry([entry_point("software", lambda: plugin(SoftwareDriver()))])
    finding = found(examine(registry, self_test=False), "environment")[check]
    assert finding.status == status
    assert says in finding.observation


def test_layers_are_not_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEFLON_DRIVER", "trace+software")
    registry = Registry([entry_point("software", lambda: plugin(SoftwareDriver()))])
    finding = found(examine(registry), "environment")["default device"]
    assert finding.observation.startswith("trace+software cpu")
    assert list(tmp_path.iterdir()) == []


class TestKernelModule:
    """By files as the kernel has them."""

    @pytest.fixture(autouse=True)
    def _no_nodes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEFLON_DRM_DIR", str(tmp_path / "dri"))
        (tmp_path / "proc").mkdir()

    def module(self, folder: Path) -> Finding:
        findings = {finding.check: finding for finding in diagnosis.diagnose(folder / "sys", folder / "proc")}
        return findings["kernel module etnaviv"]

    def test_not_loaded(self, tmp_path: Path) -> None:
        (tmp_path / "proc/modules").write_text("etnavivx 1 0 - Live 0x0\nnvme 61440 2 - Live 0x0\n")
        assert "modprobe etnaviv" in self.module(tmp_path).advice

    def test_loaded_without_an_npu(self, tmp_path: Path) -> None:
        (tmp_path / "proc/modules").write_text("etnaviv 98304 0 - Live 0x0\n")
        assert "loaded, but serves no render node" in self.module(tmp_path).observation
        assert "device tree" in self.module(tmp_path).advice

    def test_built_in(self, tmp_path: Path) -> None:
        (tmp_path / "sys/bus/platform/drivers/etnaviv").mkdir(parents=True)
        assert "loaded, but serves no render node" in self.module(tmp_path).observation

    def test_a_kernel_without_modules(self, tmp_path: Path) -> None:
        assert "no loadable modules" in self.module(tmp_path).observation

    @pytest.mark.parametrize(
        ("release", "status"), [("6.7.0", "ok"), ("6.18.44-rc1", "ok"), ("6.6.99", "warning"), ("5.15.0", "warning")]
    )
    def test_kernel_versions(self, release: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("platform.release", lambda: release)
        (finding,) = [found for found in diagnosis.diagnose(tmp_path, tmp_path) if found.check == "kernel"]
        assert finding.status == status


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPU_HAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    findings = {finding.check: finding for finding in diagnose_software()}
    assert findings["kernel cache"].status is FindingStatus.WARNING
    assert "NPU_HAL_CACHE" in findings["kernel cache"].advice


def test_an_empty_cache_costs_the_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPU_HAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    findings = {finding.check: finding for finding in diagnose_software()}
    assert "0 files" in findings["kernel cache"].observation
    assert "first use" in findings["kernel cache"].observation


def test_without_a_code_generator_the_driver_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npu_hal_software.jit.available", lambda: Support.no("llvmlite is not installed"))
    (finding,) = diagnose_software()
    assert finding.status is FindingStatus.WARNING
    assert "llvmlite" in finding.observation


@pytest.mark.parametrize("diagnose", [teflon.diagnosis.diagnose, npu_hal_nnapi.diagnosis.diagnose])
def test_the_frontends_libraries_load(diagnose: Callable[[], Sequence[Finding]]) -> None:
    library = diagnose()[0]
    assert library.status is FindingStatus.OK, library
    assert library.observation.endswith("loads")


class TestLibraries:
    """Libraries that are not what they should be."""

    def test_no_library_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / "lib.so"
        path.write_text("not ELF")
        finding = examine_library("lib.so", lambda: path, ())
        assert finding.status is FindingStatus.PROBLEM
        assert "does not load" in finding.observation

    def test_one_that_lacks_a_symbol(self) -> None:
        finding = examine_library("lib.so", library_path, ["nonesuch"])
        assert finding.status is FindingStatus.PROBLEM
        assert "nonesuch" in finding.observation

    def test_one_that_was_not_built(self) -> None:
        def missing() -> Path:
            raise NpuHalError("lib.so was not built")

        finding = examine_library("lib.so", missing, ())
        assert finding.observation == "lib.so was not built"
        assert "C compiler" in finding.advice


def test_other_distributions_add_findings(program: CommandLine, distribution: Callable[[str, str, str], Path]) -> None:
    site = distribution(
        "[npu_hal.doctor]\nfine = example_doctor:fine\nbroken = example_doctor:broken\n",
        "example_doctor",
        "from npu_hal.api import Finding, FindingStatus\n"
        "def fine():\n    return [Finding('fan', FindingStatus.OK, 'turns')]\n"
        "def broken():\n    raise OSError('no fan')\n",
    )
    done = program("doctor", "--json", "--no-self-test", PYTHONPATH=str(site))
    sections = {section["title"]: section["findings"] for section in json.loads(done.out)["sections"]}
    assert done.code == 1
    assert sections["fine"] == [{"check": "fan", "status": "ok", "observation": "turns", "advice": ""}]
    assert "example 2.5 failed to look: OSError: no fan" in sections["broken"][0]["observation"]


def test_the_text_has_every_finding_and_what_to_do(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEFLON_DRIVER", "nonesuch")
    done = command("doctor", "--no-self-test")
    assert done.code == 1
    assert "problem TEFLON_DRIVER: is 'nonesuch'" in done.out
    assert "what to do: unset TEFLON_DRIVER" in done.out
    assert "2 problems" in done.out
