"""The trace layer: graphs, inputs, outputs and times in a folder that can be run again.

The folder holds ``trace.json`` (driver, device, versions), and for each subgraph a folder ``subgraph-NNN`` with its
graph (`npu_hal.graph_archive`), ``subgraph.json`` (time to compile, time of each inference) and the inputs and outputs
of its first inferences, ``inference-NNN.npz``. `npu_hal.layers.replay` runs such a folder on any driver.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from npu_hal.api import (
    API_VERSION,
    Array,
    Device,
    DriverOption,
    Graph,
    InvalidOption,
    InvalidState,
    Subgraph,
    SubgraphReport,
)
from npu_hal.graph_archive import save_graph
from npu_hal.layers.layer import LayerDevice, LayerDriver
from npu_hal.layers.output_folder import new_folder

TRACE_FILE = "trace.json"
SUBGRAPH_FILE = "subgraph.json"
DEFAULT_FOLDER = "npu-hal-trace"


class TraceDriver(LayerDriver):
    """Records what is asked of the driver behind it, and what comes back."""

    layer = "trace"
    layer_options = (
        DriverOption("folder", "where to record; a new folder npu-hal-trace unless given", ""),
        DriverOption("inferences", "how many inferences of a subgraph to keep inputs and outputs of", "8"),
    )

    def wrap(self, device: Device, options: Mapping[str, str]) -> Device:
        """Start a recording."""
        text = options["inferences"]
        if not text.isdecimal():
            device.close()
            raise InvalidOption(f"option trace.inferences is a number of inferences, not {text!r}")
        try:
            folder = new_folder(options["folder"], DEFAULT_FOLDER)
        except InvalidOption:
            device.close()
            raise
        return TraceDevice(device, self.behind.name, folder, int(text))


class TraceDevice(LayerDevice):
    """Records into a folder."""

    def __init__(self, behind: Device, driver: str, folder: Path, kept_inferences: int) -> None:
        super().__init__(behind)
        self.folder = folder
        self._kept_inferences = kept_inferences
        self._numbers = count()
        _write_json(
            folder / TRACE_FILE,
            {
                "npu_hal": version("npu-hal"),
                "api_version": list(API_VERSION),
                "driver": driver,
                "device": behind.info.name,
            },
        )

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile on the device behind, and record the graph first: it may be what makes a driver fail."""
        folder = self.folder / f"subgraph-{next(self._numbers):03d}"
        folder.mkdir()
        save_graph(graph, folder)
        started = perf_counter()
        subgraph = self.behind.create_subgraph(graph)
        return TraceSubgraph(subgraph, folder, perf_counter() - started, self._kept_inferences)


class TraceSubgraph(Subgraph):
    """Records each inference after it."""

    def __init__(self, behind: Subgraph, folder: Path, compile_seconds: float, kept_inferences: int) -> None:
        self._behind = behind
        self._folder = folder
        self._compile_seconds = compile_seconds
        self._kept_inferences = kept_inferences
        self._seconds: list[float] = []
        self._inputs: list[Array] | None = None
        self._started = 0.0
        self._lock = threading.Lock()
        self._write_times()

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Keep a copy of the inputs, and pass them on."""
        with self._lock:
            if len(self._seconds) < self._kept_inferences:
                self._inputs = [buffer.copy() for buffer in inputs]
            self._started = perf_counter()
            self._behind.invoke(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Pass on, and record inputs, outputs and the time since `invoke`."""
        with self._lock:
            self._behind.read_outputs(outputs)
            self._seconds.append(perf_counter() - self._started)
            if self._inputs is not None:
                arrays = {f"input_{index}": buffer for index, buffer in enumerate(self._inputs)}
                arrays |= {f"output_{index}": buffer for index, buffer in enumerate(outputs)}
                np.savez(self._folder / f"inference-{len(self._seconds) - 1:03d}.npz", **arrays)  # type: ignore[arg-type]
                self._inputs = None
                self._write_times()

    def report(self) -> SubgraphReport | None:
        """What the driver behind tells."""
        return self._behind.report()

    def close(self) -> None:
        """Close the subgraph behind, and record all times."""
        self._behind.close()
        self._write_times()

    def _write_times(self) -> None:
        _write_json(
            self._folder / SUBGRAPH_FILE,
            {"compile_seconds": self._compile_seconds, "inference_seconds": self._seconds},
        )


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise InvalidState(f"{path} cannot be written, so the trace is incomplete: {error.strerror}") from None
