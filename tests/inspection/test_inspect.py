"""What an inspection finds in models made for it, and in real ones."""

from pathlib import Path

import pytest

from npu_hal.api import DeviceNotFound, InvalidModel, JobReport, NoSuchDriver, SubgraphReport
from npu_hal.inspection import Inspection, Placement, inspect_model
from npu_hal.inspection.summary import verdict
from tests.inspection.models import three_operations, with_unknown_operator

A311D = ("etnaviv", "emulator:a311d")


def placements(inspection: Inspection) -> list[str]:
    return [operation.placement.value for operation in inspection.operations]


def test_placement_reasons_and_borders(tmp_path: Path) -> None:
    inspection = inspect_model(three_operations(tmp_path), *A311D, runs=1)
    assert placements(inspection) == ["device", "device", "fallback"]
    first, last = inspection.steps
    assert (first.operations, last.operations) == ((0, 1), (2,))
    # The tensors are uint8: 4 x 6 x 8 in, 4 x 6 x 16 between.
    assert (first.input_bytes, first.output_bytes) == (192, 384)
    assert (last.input_bytes, last.output_bytes) == (384, 384)
    assert "SOFTMAX" in inspection.operations[2].reason
    (reason,) = inspection.reasons
    assert reason.operations == (2,)
    assert inspection.macs == inspection.device_macs == 4 * 6 * 16 * 8
    assert verdict(inspection).startswith("2 of 3 operations, with 100 % of the multiply-accumulates, run on etnaviv")


def test_the_drivers_report_is_attributed_to_operations(tmp_path: Path) -> None:
    inspection = inspect_model(three_operations(tmp_path), *A311D, runs=0)
    step = inspection.steps[0]
    assert step.report is not None
    assert {operation for job in step.report.jobs for operation in job.operations} == {0, 1}
    assert step.estimated_seconds == pytest.approx(sum(job.estimated_seconds or 0 for job in step.report.jobs))
    on_device = [operation.estimated_seconds or 0.0 for operation in inspection.device_operations]
    assert sum(on_device) == pytest.approx(inspection.device_seconds)
    assert inspection.operations[2].estimated_seconds is None
    # Transposing the input and the output reads and writes each once.
    assert step.rearranging_bytes == 2 * (192 + 384)
    assert "nothing of this was compared with hardware" in step.report.estimate


def test_each_operation_is_measured_on_the_cpu(tmp_path: Path) -> None:
    inspection = inspect_model(three_operations(tmp_path), *A311D, runs=2)
    assert all(0 < (operation.measured_seconds or 0) < 10 for operation in inspection.operations)
    assert inspection.cpu_seconds == pytest.approx(
        sum(operation.measured_seconds or 0 for operation in inspection.operations)
    )
    assert inspection.rest_seconds == inspection.operations[2].measured_seconds


def test_nothing_is_measured_in_no_runs(tmp_path: Path) -> None:
    inspection = inspect_model(three_operations(tmp_path), *A311D, runs=0)
    assert inspection.cpu_seconds is None
    assert inspection.rest_seconds is None


def test_operators_that_cannot_be_expressed_divide_partitions(tmp_path: Path) -> None:
    inspection = inspect_model(with_unknown_operator(tmp_path), *A311D, runs=1)
    assert placements(inspection) == ["device", "runtime", "device", "device"]
    assert [step.operations for step in inspection.steps] == [(0,), (1,), (2, 3)]
    assert inspection.operations[1].kind == "CUSTOM:Decode"
    assert "no operation for CUSTOM:Decode" in inspection.operations[1].reason
    # Of the last partition: what the custom operator gives, and what the first partition gives.
    assert inspection.steps[2].inputs == (2, 1)
    assert inspection.operations[3].measured_seconds is not None
    assert inspection.cpu_seconds is None


def test_a_device_that_runs_everything(tmp_path: Path) -> None:
    inspection = inspect_model(three_operations(tmp_path), "software", runs=0)
    assert set(placements(inspection)) == {"device"}
    assert inspection.reasons == ()
    assert inspection.device_seconds is None
    assert verdict(inspection) == "All 3 operations run on software cpu."


@pytest.mark.parametrize(
    "job",
    [
        JobReport("beyond", "unit", (2,)),
        JobReport("before", "unit", (-1,)),
        JobReport("endless", "unit", (0,), estimated_seconds=float("inf")),
        JobReport("nonsense", "unit", (0,), estimated_seconds=float("nan")),
        JobReport("backwards", "unit", (0,), estimated_seconds=-1.0),
    ],
    ids=lambda job: job.name,
)
def test_a_report_that_makes_no_sense_is_a_problem_of_its_step(
    job: JobReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("npu_hal_etnaviv.subgraph.EtnavivSubgraph.report", lambda self: SubgraphReport((job,)))
    inspection = inspect_model(three_operations(tmp_path), *A311D, runs=0)
    assert "makes no sense" in inspection.steps[0].problem
    assert inspection.steps[0].report is None
    assert inspection.device_seconds is None


def test_errors_are_those_of_the_parts(tmp_path: Path) -> None:
    path = three_operations(tmp_path)
    with pytest.raises(NoSuchDriver):
        inspect_model(path, "nonesuch")
    with pytest.raises(DeviceNotFound):
        inspect_model(path, "etnaviv", "emulator:nonesuch")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InvalidModel):
        inspect_model(path, *A311D)
    with pytest.raises(InvalidModel, match="cannot be read"):
        inspect_model(tmp_path / "missing.tflite", *A311D)


def test_scales_by_channel_are_why_a_model_is_not_accelerated(shared: Path) -> None:
    model = shared / "models/classification/tf2_mobilenet_v2_1.0_224_ptq.tflite"
    inspection = inspect_model(model, *A311D, runs=0)
    reason = inspection.reasons[0]
    assert "one for each output channel" in reason.text
    assert reason.macs == inspection.macs
    assert len(reason.operations) == 53
    assert inspection.device_macs == 0


def test_a_model_that_is_accelerated_but_for_its_end(shared: Path) -> None:
    model = shared / "models/detection/ssdlite_mobiledet_coco_qat_no_postprocess.tflite"
    inspection = inspect_model(model, *A311D, runs=0)
    assert len(inspection.device_operations) >= 123
    assert inspection.device_macs == inspection.macs
    assert len(inspection.partitions) == 1


def test_operations_that_nobody_runs(shared: Path) -> None:
    inspection = inspect_model(shared / "models/audio/mww_v2_okay_nabu.tflite", *A311D, runs=1)
    nobody = [operation for operation in inspection.operations if operation.placement is Placement.NOBODY]
    assert {operation.kind for operation in nobody} >= {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"}
    assert {operation.step for operation in nobody} == {-1}
    assert inspection.cpu_seconds is not None
