"""Running a trace again, on any driver, and comparing."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from npu_hal.api import Array, Graph, InvalidModel, Tolerance
from npu_hal.executor import GraphExecutor
from npu_hal.graph_archive import load_graph
from npu_hal.layers.difference import Difference, difference
from npu_hal.layers.trace import SUBGRAPH_FILE, TRACE_FILE
from npu_hal.registry import Registry


@dataclass(frozen=True, slots=True)
class Replayed:
    """One inference run again: the largest difference of each output, and both times in seconds."""

    subgraph: str
    inference: str
    differences: tuple[Difference, ...]
    recorded_seconds: float
    seconds: float


def read_trace(folder: Path) -> Mapping[str, Any]:
    """What was traced: driver, device, versions. Raises `InvalidModel` if the folder holds no trace."""
    try:
        document = json.loads((folder / TRACE_FILE).read_text())
    except (OSError, ValueError) as error:
        raise InvalidModel(f"{folder} is no folder of a trace: {error}") from None
    if not isinstance(document, dict):
        raise InvalidModel(f"{folder / TRACE_FILE} describes no trace")
    return document


def replay(
    folder: Path,
    driver: str | None = None,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
    registry: Registry | None = None,
    tolerance: Tolerance | None = None,
) -> Iterator[Replayed]:
    """Run every recorded inference of a trace again on the driver meant by the arguments and the environment.

    What that driver refuses runs on the fallback driver. Raises `InvalidModel` for a damaged trace, and what
    `GraphExecutor.open` raises.
    """
    read_trace(folder)
    for subgraph in sorted(folder.glob("subgraph-*")):
        graph = load_graph(subgraph)
        times = _times(subgraph)
        with GraphExecutor.open(graph, driver, device, options, registry) as executor:
            for position, path in enumerate(sorted(subgraph.glob("inference-*.npz"))):
                inputs, expected = _arrays(path, graph)
                started = perf_counter()
                outputs = executor.run(inputs)
                yield Replayed(
                    subgraph.name,
                    path.stem,
                    tuple(
                        difference(tensor, output, wanted, tolerance or Tolerance())
                        for tensor, output, wanted in zip(graph.output_tensors, outputs, expected, strict=True)
                    ),
                    times[position] if position < len(times) else 0.0,
                    perf_counter() - started,
                )


def _times(subgraph: Path) -> list[float]:
    try:
        return [float(seconds) for seconds in json.loads((subgraph / SUBGRAPH_FILE).read_text())["inference_seconds"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidModel(f"{subgraph} holds no record of a subgraph: {error}") from None


def _arrays(path: Path, graph: Graph) -> tuple[list[Array], list[Array]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            inputs = [arrays[f"input_{index}"] for index in range(len(graph.inputs))]
            outputs = [arrays[f"output_{index}"] for index in range(len(graph.outputs))]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InvalidModel(f"{path} holds no inference: {error}") from None
    for tensor, output in zip(graph.output_tensors, outputs, strict=True):
        if output.shape != tensor.shape or output.dtype != tensor.dtype.numpy:
            raise InvalidModel(f"{path}: the output {tensor.name!r} has not the shape and type of the graph's")
    return inputs, outputs
