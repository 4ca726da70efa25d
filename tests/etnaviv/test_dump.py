"""Captures of submits: written, read back, disassembled."""

import json
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api.errors import InvalidInput, InvalidOption
from npu_hal_etnaviv.emulator.disassembler import disassemble, render_text
from npu_hal_etnaviv.emulator.emulated_interface import open_emulator
from npu_hal_etnaviv.emulator.emulated_npu import EmulatedNpu
from npu_hal_etnaviv.emulator.memory import SubmittedBuffer
from npu_hal_etnaviv.hardware.npu_core import npu_core_named
from npu_hal_etnaviv.kernel.dump import RecordingInterface, capture_folders, read_capture, write_capture
from tests.etnaviv.golden_replay import GoldenReplay

MODEL = "g_conv_14x14_k3_i3_o9_s2_same"
CHIPS = ("a311d", "imx8mp")


def record(shared: Path, chip: str, root: Path) -> GoldenReplay:
    kernel = RecordingInterface(open_emulator(chip), root)
    jobs = GoldenReplay(shared / "golden" / chip / f"{MODEL}.json", kernel)
    source = jobs.tensor(jobs.subgraphs[0], jobs.boundary(jobs.subgraphs[0])[0][0])
    source[:] = np.random.default_rng(2).integers(0, 256, source.size, np.uint8)
    jobs.run()
    return jobs


@pytest.mark.parametrize("chip", CHIPS)
def test_a_capture_holds_the_submit(shared: Path, tmp_path: Path, chip: str) -> None:
    jobs = record(shared, chip, tmp_path / "dump")
    folders = capture_folders(tmp_path / "dump")
    assert [folder.name for folder in folders] == ["submit-0000", "submit-0001"]
    table = json.loads((folders[1] / "bos.json").read_text())
    submit = jobs.submits()[1]
    assert table["stream_size"] == 4 * submit.words.size == (folders[1] / "cmdstream.bin").stat().st_size
    assert table["flags"] == 8
    accesses = {1: "r", 2: "w", 3: "rw"}
    assert [(entry["handle"], entry["va"], entry["size"], entry["access"]) for entry in table["bos"]] == [
        (buffer.handle, buffer.address, buffer.size, accesses[access]) for buffer, access in submit.buffers
    ]
    assert np.array_equal(np.fromfile(folders[1] / "cmdstream.bin", "<u4"), submit.words)
    for entry in table["bos"]:
        assert (folders[1] / entry["file"]).stat().st_size == entry["size"]


@pytest.mark.parametrize("chip", CHIPS)
def test_a_capture_replays_to_the_same_outputs(shared: Path, tmp_path: Path, chip: str) -> None:
    jobs = record(shared, chip, tmp_path)
    capture = read_capture(tmp_path / "submit-0001")
    outputs = jobs.boundary(jobs.subgraphs[0])[1]
    entry = next(entry for entry in jobs.subgraphs[0]["tensors"] if entry["tensor"] == outputs[0])
    handle = jobs.buffers[entry["buffer"]].handle
    output = next(buffer for buffer in capture.buffers if buffer.handle == handle)
    assert not output.data.any()
    EmulatedNpu(npu_core_named(chip)).run(
        capture.words,
        [SubmittedBuffer(buffer.handle, buffer.address, buffer.data, buffer.access) for buffer in capture.buffers],
    )
    assert np.array_equal(output.data[: entry["bytes"]], jobs.tensor(jobs.subgraphs[0], outputs[0]))


def test_nothing_that_exists_is_overwritten(shared: Path, tmp_path: Path) -> None:
    kept = tmp_path / "submit-0001"
    kept.mkdir()
    (kept / "note.txt").write_text("mine")
    record(shared, "a311d", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["submit-0000", "submit-0001", "submit-0002"]
    assert [path.name for path in kept.iterdir()] == ["note.txt"]
    with pytest.raises(InvalidOption, match="which exists"):
        write_capture(kept, read_capture(tmp_path / "submit-0000"))


@pytest.mark.parametrize("chip", CHIPS)
def test_the_disassembly_names_what_the_golden_names(shared: Path, tmp_path: Path, chip: str) -> None:
    jobs = record(shared, chip, tmp_path)
    disassembly = disassemble(read_capture(tmp_path / "submit-0001"), weights=True)
    assert disassembly.core == npu_core_named(chip).name
    golden_writes = [entry for entry in jobs.golden["submits"][1]["state"] if isinstance(entry, list)]
    assert [write.name for write in disassembly.registers] == [name for name, _ in golden_writes]
    golden_configs = [(job, config) for _, job, _, config in jobs.configs()]
    assert len(disassembly.jobs) == len(golden_configs)
    handles = {name: buffer.handle for name, buffer in jobs.buffers.items()}
    for text, (job, config) in zip(disassembly.jobs, golden_configs, strict=True):
        assert text.problem is None
        assert text.kind == job["type"]
        for name, value in config.items():
            if isinstance(value, dict):
                found = text.addresses[name]
                assert (found.handle, found.offset) == (handles[value["addr_of"]], value["offset"])
            else:
                width_mask = (1 << 32) - 1 if value > 0xFFFF else 0xFFFF
                assert text.fields[name] & width_mask == value
    nn_job = next(text for text in disassembly.jobs if text.kind == "NN")
    golden = next(job for job in jobs.subgraphs[0]["ops"] if job["type"] == "NN")
    assert nn_job.coefficients is not None
    assert golden["coefficients"]["used"] <= nn_job.coefficients.byte_count <= golden["coefficients"]["size"]
    assert nn_job.coefficients.weights.shape == (9, 12, 2, 2)
    json.dumps(disassembly.as_data())
    rendered = render_text(disassembly)
    for words in ("PS_NN_INST_ADDR", "job 2 (NN): config at", "channel 8: bias", "kernel_z_size = 12"):
        assert words in rendered


def test_a_broken_capture_is_disassembled_as_far_as_it_goes(shared: Path, tmp_path: Path) -> None:
    record(shared, "a311d", tmp_path)
    folder = tmp_path / "submit-0001"
    words = np.fromfile(folder / "cmdstream.bin", "<u4")
    words[40] = 0xFFFFFFFF
    words.tofile(folder / "cmdstream.bin")
    table = json.loads((folder / "bos.json").read_text())
    next(entry for entry in table["bos"])["va"] = 0x1000
    (folder / "bos.json").write_text(json.dumps(table))
    disassembly = disassemble(read_capture(folder), weights=True)
    assert len(disassembly.problems) == 1
    assert "command stream word 40" in disassembly.problems[0]
    assert [write.word for write in disassembly.registers] == list(range(9, 40, 2))
    assert [job.problem is None for job in disassembly.jobs] == [False, True, True]
    assert f"problem: {disassembly.problems[0]}" in render_text(disassembly)


def table_of(access: str, file: str) -> str:
    return json.dumps(
        {"bos": [{"handle": 1, "va": 4096, "size": 1, "access": access, "file": file}], "stream_size": 0, "flags": 8}
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("{", "does not describe a submit"),
        ('{"bos": [], "stream_size": 8, "flags": 0}', "says 8"),
        (table_of("x", "a"), "bos.0.access"),
        (table_of("r", "../a"), "bos.0.file"),
        (table_of("r", "a"), "a of the capture"),
        (table_of("r", "b"), "more than its buffer"),
    ],
)
def test_what_is_no_capture_is_refused(tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "cmdstream.bin").touch()
    (tmp_path / "b").write_bytes(b"12")
    (tmp_path / "bos.json").write_text(table)
    with pytest.raises(InvalidInput, match=words):
        read_capture(tmp_path)


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"bos\.json"):
        capture_folders(tmp_path)
    with pytest.raises(InvalidInput, match="no folder"):
        capture_folders(tmp_path / "none")
