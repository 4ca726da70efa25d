"""Golden job lists as buffers and command words of a kernel interface."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.hardware.bit_field import WordLayout
from npu_hal_etnaviv.hardware.nn_config import KERNEL_ADDRESS_SHIFT, NN_CONFIG
from npu_hal_etnaviv.hardware.registers import LOAD_STATE, Register
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG
from npu_hal_etnaviv.kernel.interface import DEFAULT_TIMEOUT, Access, BufferObject, KernelInterface

ACCESS = {"r": Access.READ, "w": Access.WRITE, "rw": Access.READ | Access.WRITE}


@dataclass(frozen=True)
class Submit:
    """One submit, ready for `KernelInterface.submit`."""

    words: NDArray[np.uint32]
    buffers: list[tuple[BufferObject, Access]]


class GoldenReplay:
    """A golden's job lists in the memory of an opened device. `buffers` are by the golden's names.

    coefficients: those that are not among the goldens, by the names of their jobs.
    """

    def __init__(
        self, path: Path, kernel: KernelInterface, coefficients: Mapping[str, NDArray[np.uint8]] | None = None
    ) -> None:
        self.golden = json.loads(path.read_text())
        self.subgraphs: list[dict[str, Any]] = self.golden["subgraphs"]
        self.kernel = kernel
        self.buffers: dict[str, BufferObject] = {}
        sizes: dict[str, int] = {}
        for submit in self.golden["submits"]:
            for buffer in submit["bos"]:
                sizes[buffer["name"]] = buffer["size"]
        for name, size in sizes.items():
            self.buffers[name] = kernel.allocate(size)
        contents = dict(coefficients or {})
        archive = path.with_suffix(".coefficients.npz")
        if archive.exists():
            with np.load(archive) as arrays:
                contents.update(arrays)
        for job_name, data in contents.items():
            self.buffers[f"{job_name}.coefficients"].data[: data.size] = data
        for subgraph, job, number, config in self.configs():
            name = f"sg{subgraph}.job{job['job']}.config{number}"
            self.write_words(name, pack_config(self.layout(job), config, self.buffers))

    def configs(self) -> Iterator[tuple[int, dict[str, Any], int, dict[str, Any]]]:
        """(subgraph, job, number of the config, its fields)."""
        for subgraph in self.subgraphs:
            for job in subgraph["ops"]:
                for number, config in enumerate(job.get("configs", ())):
                    yield subgraph["subgraph"], job, number, config

    @staticmethod
    def layout(job: dict[str, Any]) -> WordLayout:
        return TP_CONFIG if job["type"] == "TP" else NN_CONFIG

    def write_words(self, name: str, words: NDArray[np.uint32]) -> None:
        self.buffers[name].data[: 4 * len(words)] = words.astype("<u4").view(np.uint8)

    def submits(self) -> list[Submit]:
        """Every submit, the one that initialises the context first."""
        return [
            Submit(
                command_words(submit["state"], self.buffers),
                [(self.buffers[entry["name"]], ACCESS[entry["access"]]) for entry in submit["bos"]],
            )
            for submit in self.golden["submits"]
        ]

    def tensor(self, subgraph: dict[str, Any], index: int) -> NDArray[np.uint8]:
        """The bytes of a tensor of a subgraph."""
        entry = next(entry for entry in subgraph["tensors"] if entry["tensor"] == index)
        start = entry["offset"]
        return self.buffers[entry["buffer"]].data[start : start + entry["bytes"]]

    @staticmethod
    def boundary(subgraph: dict[str, Any]) -> tuple[list[int], list[int]]:
        """The tensors that a subgraph reads and does not make, and those that it makes and does not read."""
        read = {index for job in subgraph["ops"] for index in job["inputs"]}
        made = {index for job in subgraph["ops"] for index in job["outputs"]}
        return sorted(read - made), sorted(made - read)

    def run_job(self, config: str) -> None:
        """Run the NN job with a config of this name alone."""
        for submit in self.golden["submits"]:
            state = [entry for entry in submit["state"] if isinstance(entry, list)]
            for index, (name, value) in enumerate(state):
                if name == "PS_NN_INST_ADDR" and value["addr_of"] == config:
                    words = command_words(state[index - 3 : index + 2] + state[-2:], self.buffers)
                    listed = [(self.buffers[entry["name"]], ACCESS[entry["access"]]) for entry in submit["bos"]]
                    self.kernel.wait(self.kernel.submit(words, listed))
                    return
        raise KeyError(config)

    def run(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Submit everything and wait for it, `timeout` seconds for each submit."""
        for submit in self.submits():
            self.kernel.wait(self.kernel.submit(submit.words, submit.buffers), timeout)


def pack_config(
    layout: WordLayout, config: Mapping[str, Any], buffers: Mapping[str, BufferObject]
) -> NDArray[np.uint32]:
    """The words of a config whose address fields name buffers."""
    values = {}
    for name, value in config.items():
        if isinstance(value, dict):
            named = value["addr_of"]
            # Parts of a job that are left without work have bare addresses outside of every buffer.
            base = int(named, 16) if named.startswith("0x") else buffers[named].address
            address = base + value["offset"]
            value = address >> KERNEL_ADDRESS_SHIFT if name == "kernel_address" else address
        entry = layout.field(name)
        values[name] = value - (1 << entry.width) if value > entry.maximum else value
    return layout.pack(values)


def command_words(state: list[Any], buffers: Mapping[str, BufferObject]) -> NDArray[np.uint32]:
    """The words of a golden's state list."""
    words: list[int] = []
    for entry in state:
        if isinstance(entry, dict):
            words += [0] * entry["pad_words"]
            continue
        name, value = entry
        if isinstance(value, dict):
            value = buffers[value["addr_of"]].address | value["low_bits"]
        words += [int(LOAD_STATE.pack({"state_index": Register[name] >> 2})[0]), value]
    return np.array(words, np.uint32)
