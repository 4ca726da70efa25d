"""npu-hal inspect."""

import json
from pathlib import Path

from tests.cli.conftest import CommandLine
from tests.inspection.models import three_operations, with_unknown_operator

A311D = ("--driver", "etnaviv", "--device", "emulator:a311d")


def test_the_verdict_comes_first_then_reasons_steps_operations(command: CommandLine, tmp_path: Path) -> None:
    done = command("inspect", three_operations(tmp_path), *A311D, "--runs", 1)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("2 of 3 operations, with 100 % of the multiply-accumulates, run on etnaviv")
    assert "no way to compute SOFTMAX" in done.out
    assert "nothing of this was compared with hardware" in done.out
    order = [done.out.index(words) for words in ("not on the device", "step  runs on", "operation  kind")]
    assert order == sorted(order)


def test_json_holds_everything(command: CommandLine, tmp_path: Path) -> None:
    document = json.loads(command("inspect", with_unknown_operator(tmp_path), *A311D, "--json", "--runs", 1).out)
    assert [operation["placement"] for operation in document["operations"]] == ["device", "runtime", "device", "device"]
    assert document["operation_count"] == 4
    assert document["device_operation_count"] == 3
    assert document["cpu_measured_seconds"] is None
    assert document["reasons"][0]["operations"] == [1]
    jobs = document["steps"][0]["report"]["jobs"]
    assert {job["unit"] for job in jobs} == {"NN", "TP"}


def test_a_page_is_written_but_not_over_another_file(command: CommandLine, tmp_path: Path) -> None:
    model, page = three_operations(tmp_path), tmp_path / "page.html"
    assert command("inspect", model, *A311D, "--runs", 0, "--html", page).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    page.write_text("mine")
    done = command("inspect", model, *A311D, "--runs", 0, "--html", page)
    assert (done.code, done.out) == (1, "")
    assert "--force" in done.err
    assert page.read_text() == "mine"
    assert command("inspect", model, *A311D, "--runs", 0, "--html", page, "--force").code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_folder_that_is_not_there_is_told_before_anything_is_done(command: CommandLine, tmp_path: Path) -> None:
    done = command("inspect", tmp_path / "missing.tflite", "--html", tmp_path / "no/page.html")
    assert done.code == 1
    assert "there is no folder" in done.err


def test_failures_are_one_sentence(command: CommandLine, tmp_path: Path) -> None:
    missing = command("inspect", tmp_path / "missing.tflite")
    assert missing.code == 1
    assert missing.err.count("\n") == 1
    assert command("inspect", three_operations(tmp_path), "--driver", "nonesuch").code == 1
    assert command("inspect", three_operations(tmp_path), "--runs", -1).code == 2
    assert command("inspect").code == 2
