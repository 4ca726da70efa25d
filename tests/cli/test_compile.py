"""npu-hal compile."""

import json
from pathlib import Path

import numpy as np

from npu_hal.api import DType, GraphBuilder, Quantization, Relu, Softmax
from tests.cli.conftest import CommandLine
from tests.tflite_models import write_model

EMULATOR = ("--driver", "etnaviv", "--device", "emulator:imx8mp")


def model(folder: Path) -> Path:
    """Two RELUs, and a SOFTMAX that no NPU runs."""
    builder = GraphBuilder()
    quantization = Quantization.per_tensor(1 / 256, 0)
    tensor = builder.input("x", (1, 4, 6, 3), DType.UINT8, quantization)
    for kind in (Relu, Relu, Softmax):
        output = builder.tensor("y", DType.UINT8, quantization)
        builder.append(kind(input=tensor, output=output))
        tensor = output
    path = folder / "model.tflite"
    path.write_bytes(write_model(builder.build([tensor])))
    return path


def test_jobs_and_refusals_are_listed(command: CommandLine, tmp_path: Path) -> None:
    done = command("compile", model(tmp_path), *EMULATOR)
    assert done.code == 0
    assert "partition 0: 2 of 3 operations on emulator:imx8mp" in done.out
    assert "no way to compute SOFTMAX" in done.out
    assert done.out.count("NN  ") == 2
    assert "Transpose: x, planar" in done.out


def test_json_holds_the_drivers_report(command: CommandLine, tmp_path: Path) -> None:
    report = json.loads(command("compile", model(tmp_path), *EMULATOR, "--json").out)
    (part,) = report["partitions"]
    assert part["operations"] == [0, 1]
    jobs = part["report"]["jobs"]
    assert [(job["unit"], job["operations"]) for job in jobs] == [("TP", [0]), ("NN", [0]), ("NN", [1]), ("TP", [1])]
    assert all((job["coefficient_bytes"] > 0) == (job["unit"] == "NN") for job in jobs)
    assert [refusal["kind"] for refusal in report["refusals"]] == ["SOFTMAX"]


def test_a_driver_without_reports_compiles_all_the_same(command: CommandLine, tmp_path: Path) -> None:
    done = command("compile", model(tmp_path), "--driver", "software")
    assert done.code == 0
    assert "tells no more" in done.out


def test_submits_are_written(command: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    assert command("compile", model(tmp_path), *EMULATOR, "--dump", folder).code == 0
    inference = folder / "submit-0001"
    table = json.loads((inference / "bos.json").read_text(encoding="utf-8"))
    stream = np.fromfile(inference / "cmdstream.bin", "<u4")
    assert stream.nbytes == table["stream_size"]
    assert {entry["access"] for entry in table["bos"]} == {"r", "w", "rw"}
