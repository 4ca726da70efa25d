"""The conformance kit passes drivers that are right, and fails those that are wrong where they are wrong."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from npu_hal.conformance import Capability, load_cases
from npu_hal.conformance.case import Case
from npu_hal.registry import default_registry

from .installed import install_module, npu_hal

TARGETS = [
    ("software", "cpu", "level=reference"),
    ("software", "cpu", "level=auto"),
    ("etnaviv", "emulator:a311d", None),
    ("etnaviv", "emulator:imx8mp", None),
]

_OF_OPERATIONS = [capability for capability in Capability if load_cases(capability)]


def test_every_capability_of_operations_has_cases() -> None:
    assert len(_OF_OPERATIONS) == 11
    assert all(len(load_cases(capability)) >= 3 for capability in _OF_OPERATIONS)


@pytest.mark.parametrize("capability", _OF_OPERATIONS)
def test_recorded_cases_are_what_the_reference_kernels_give(capability: Capability) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT, the extra tflite")
    from ..litert import run_graph

    cases: tuple[Case, ...] = load_cases(capability)
    for case in cases[::5]:
        for actual, expected in zip(run_graph(case.graph, case.inputs), case.outputs, strict=True):
            if expected.dtype.kind == "f":
                assert actual == pytest.approx(expected, rel=1e-5, abs=1e-5)
            else:
                assert (actual == expected).all()


@pytest.mark.parametrize(("driver", "device", "option"), TARGETS, ids=lambda value: str(value))
def test_in_tree_drivers_conform(driver: str, device: str, option: str | None, tmp_path: Path) -> None:
    if driver not in default_registry().drivers:
        pytest.fail(f"driver {driver} is not installed")
    junit = tmp_path / "report.xml"
    arguments = ["conformance", driver, "--device", device, "--json", "--junit", str(junit)]
    if option is not None:
        arguments += ["--option", option]
    result = npu_hal(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["conforms"]
    assert set(report["capabilities"]) == set(Capability)
    passed = sum(capability["passed"] for capability in report["capabilities"].values())
    assert passed >= 50
    suites = ElementTree.parse(junit).getroot()
    assert sum(int(suite.get("tests", 0)) for suite in suites) >= passed
    for capability in report["capabilities"].values():
        for refusal in capability["refused"]:
            assert refusal["reason"].strip()
            assert not refusal["reason"].startswith(("Skipped", "refused"))


def test_a_wrong_driver_fails_where_it_is_wrong(tmp_path: Path) -> None:
    source = (Path(__file__).parent / "wrong_driver.py").read_text()
    environment = install_module(tmp_path, "wrong_npu", source)
    result = npu_hal("conformance", "wrong", "--json", environment=environment)
    assert result.returncode == 1
    capabilities = json.loads(result.stdout)["capabilities"]
    failed = {
        (name, failure["test"].split("[")[0])
        for name, capability in capabilities.items()
        for failure in capability["failed"]
    }
    operations = "test_operations_are_refused_with_a_reason_or_right"
    assert failed == {
        ("pooling", operations),
        ("layout", operations),
        ("resize", operations),
        ("errors", "test_an_unknown_device_is_not_found"),
        ("errors", "test_an_unknown_option_is_refused"),
        ("errors", "test_inputs_that_do_not_fit_are_refused"),
        ("life-cycle", "test_a_closed_subgraph_refuses_to_run"),
        ("life-cycle", "test_outputs_are_not_read_before_an_inference"),
        ("resources", "test_what_is_closed_leaves_nothing_behind"),
    }
    layout = {failure["test"] for failure in capabilities["layout"]["failed"]}
    assert all("transpose" in test for test in layout)
    resize = {failure["test"] for failure in capabilities["resize"]["failed"]}
    assert all("resizebilinear" in test for test in resize)
    for failure in capabilities["pooling"]["failed"]:
        assert "maxpool2d" in failure["test"]
        assert "differs from the reference" in failure["error"]


def test_a_capability_can_be_tested_alone() -> None:
    result = npu_hal("conformance", "software", "--capability", "pooling", "--json")
    assert result.returncode == 0
    assert list(json.loads(result.stdout)["capabilities"]) == ["pooling"]


def test_a_report_is_not_overwritten(tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    junit.write_text("mine")
    result = npu_hal("conformance", "software", "--junit", str(junit))
    assert result.returncode == 1
    assert "nothing is overwritten" in result.stderr
    assert junit.read_text() == "mine"


def test_an_unknown_driver_is_one_sentence() -> None:
    result = npu_hal("conformance", "sotfware")
    assert result.returncode == 1
    assert "there is no driver 'sotfware'" in result.stderr
    assert "Traceback" not in result.stderr
