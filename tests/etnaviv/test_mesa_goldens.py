"""With compatible=mesa, every golden comes out again: partitions, jobs, register writes, configs, coefficients.

Addresses are not compared; where the golden names what an address points at, the config found there is.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import Graph
from npu_hal.partitioner import partition
from npu_hal.tflite.reader import read_model
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.compiler import CompiledGraph, CompiledNNJob, compile_graph
from npu_hal_etnaviv.driver import EtnavivDriver
from npu_hal_etnaviv.emulator.command_parser import register_writes
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface
from npu_hal_etnaviv.hardware.bit_field import WordLayout
from npu_hal_etnaviv.hardware.nn_config import NN_ADDRESS_FIELDS, NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import npu_core_named
from npu_hal_etnaviv.hardware.registers import Register
from npu_hal_etnaviv.hardware.tp_config import TP_ADDRESS_FIELDS, TP_CONFIG
from npu_hal_etnaviv.kernel.interface import Access, BufferObject
from npu_hal_etnaviv.loading import load
from npu_hal_etnaviv.programming.command_stream import initialisation_stream

from .golden_weights import CHIPS, golden_names, model_path

READ_BEYOND_WEIGHTS = (
    "20 channels on 8 cores: what that driver read beyond its weight buffer is not known, and was not zero"
)
INCONSISTENT_SHAPES = (
    "the file declares an 8x8 output for a convolution that gives 4x4; that driver believed the file, the reader "
    "here infers shapes"
)
DEVIATIONS = {
    ("a311d", "g_dw_28x28_k3_i20_o20_s1_same"): READ_BEYOND_WEIGHTS,
    ("a311d", "mb01"): INCONSISTENT_SHAPES,
    ("imx8mp", "mb01"): INCONSISTENT_SHAPES,
}
"""Goldens that are not reproduced, each with the reason."""

GOLDENS_PER_CHIP = 183

ADDRESS_LAYOUTS: dict[int, tuple[WordLayout, tuple[str, ...]]] = {
    Register.PS_NN_INST_ADDR: (NN_CONFIG, NN_ADDRESS_FIELDS),
    Register.PS_TP_INST_ADDR: (TP_CONFIG, TP_ADDRESS_FIELDS),
}
LOW_BITS = 63


@dataclass(frozen=True)
class Comparison:
    """A golden and what was compiled from its model."""

    golden: dict[str, Any]
    partitions: list[tuple[tuple[int, ...], CompiledGraph]]

    def differences(self, chip: str) -> Iterator[str]:
        """What differs, in words; the first of it in each partition."""
        expected = [subgraph["delegated_nodes"] for subgraph in self.golden["subgraphs"]]
        sizes = [len(positions) for positions, _ in self.partitions]
        if sizes != expected:
            yield f"partitions of {sizes} operations, not {expected}"
            return
        submits = self.golden["submits"]
        if list(words_as_golden(initialisation_stream(), {})) != list(submits[0]["state"]):
            yield "another first submit"
        for subgraph, submit, (_, compiled) in zip(self.golden["subgraphs"], submits[1:], self.partitions, strict=True):
            yield from coefficient_differences(subgraph, compiled)
            yield from stream_differences(chip, subgraph, submit, compiled)


def words_as_golden(words: NDArray[np.uint32], addresses: dict[int, str]) -> Iterator[Any]:
    """A command stream in the notation of the goldens, named addresses for those known."""
    position = 0
    for write in register_writes(words):
        if write.word - 1 > position:
            yield {"pad_words": write.word - 1 - position}
        base, low = write.value & ~LOW_BITS, write.value & LOW_BITS
        named = {"addr_of": addresses[base], "low_bits": low} if base in addresses else None
        yield [write.name, named or write.value]
        position = write.word + 1
    if len(words) > position:
        yield {"pad_words": len(words) - position}


def coefficient_differences(subgraph: dict[str, Any], compiled: CompiledGraph) -> Iterator[str]:
    jobs = [job for job in subgraph["ops"] if job["type"] == "NN"]
    ours = [job for job in compiled.jobs if isinstance(job, CompiledNNJob)]
    if len(ours) != len(jobs):
        yield f"{len(ours)} NN jobs, not {len(jobs)}"
        return
    for expected, job in zip(jobs, ours, strict=True):
        size = expected["coefficients"]["size"]
        padded = job.coefficients.data.tobytes().ljust(size, b"\0")
        if len(padded) != size or sha256(padded).hexdigest() != expected["coefficients"]["sha256"]:
            yield f"other coefficients in {expected['job']}"


def stream_differences(
    chip: str, subgraph: dict[str, Any], submit: dict[str, Any], compiled: CompiledGraph
) -> Iterator[str]:
    """Register writes, and the configs that they point at."""
    configs = {
        f"sg{subgraph['subgraph']}.job{job['job']}.config{number}": config
        for job in subgraph["ops"]
        for number, config in enumerate(job.get("configs", ()))
    }
    core = npu_core_named(chip)
    with EmulatedInterface(core) as kernel:
        loaded = load(compiled, core, kernel)
        (stream,) = loaded.streams
        constants = next(buffer for buffer, access in loaded.buffers if access is Access.READ)
        starts = [write for write in register_writes(stream) if write.address in ADDRESS_LAYOUTS]
        if len(starts) != len(configs):
            yield f"{len(starts)} configs, not {len(configs)}"
            return
        names = {write.value & ~LOW_BITS: name for write, name in zip(starts, configs, strict=True)}
        if list(words_as_golden(stream, names)) != list(submit["state"]):
            yield "other register writes"
        for write, (name, expected) in zip(starts, configs.items(), strict=True):
            layout, address_fields = ADDRESS_LAYOUTS[write.address]
            fields = config_at(constants, write.value & ~LOW_BITS, layout)
            for field, value in expected.items():
                mask = (1 << layout.field(field).width) - 1
                if field not in address_fields and (fields[field] ^ value) & mask:
                    yield f"{name}: {field} is {fields[field]}, not {value}"


def config_at(buffer: BufferObject, address: int, layout: WordLayout) -> dict[str, int]:
    start = address - buffer.address
    return layout.unpack(buffer.data[start : start + layout.byte_count].view("<u4"))


def compile_partitions(graph: Graph, chip: str) -> list[tuple[tuple[int, ...], CompiledGraph]]:
    core = npu_core_named(chip)
    with EtnavivDriver().open(f"emulator:{chip}", {"compatible": "mesa"}) as device:
        partitions = partition(graph, device).partitions
    return [
        (positions, compile_graph(graph.extract(positions)[0], core, Compatibility.MESA)) for positions in partitions
    ]


def compare(shared: Path, chip: str, name: str) -> list[str]:
    golden = json.loads((shared / "golden" / chip / f"{name}.json").read_text(encoding="utf-8"))
    graph = read_model(model_path(shared, name)).graph
    return list(Comparison(golden, compile_partitions(graph, chip)).differences(chip))


@pytest.mark.parametrize("chip", CHIPS)
def test_goldens_are_reproduced(shared: Path, chip: str) -> None:
    names = golden_names(shared, chip)
    differing = {name: found for name in names if (found := compare(shared, chip, name))}
    assert len(names) == GOLDENS_PER_CHIP
    assert differing.keys() == {name for deviating, name in DEVIATIONS if deviating == chip}, differing
