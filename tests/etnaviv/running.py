"""Running graphs on emulated NPUs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from npu_hal.api import Array, Device, DeviceLost, Graph
from npu_hal.partitioner import partition
from npu_hal.tflite.reader import read_model
from tests.litert import run_file

FOLDERS = ("layers", "generated")
MODELS = 254
WITHOUT_DATA = {"add"}


def run_on(device: Device, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of one inference."""
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with device.create_subgraph(graph) as subgraph:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs


def largest_difference(first: Array, second: Array) -> int:
    """Of two integer arrays of one shape; they are taken as int32."""
    assert first.shape == second.shape
    return int(np.abs(first.astype(np.int32) - second.astype(np.int32)).max(initial=0))


def small_models(shared: Path) -> list[Path]:
    """The shared material's models of one or a few operations that have data for their weights."""
    paths = [path for folder in FOLDERS for path in sorted((shared / "models" / folder).glob("*.tflite"))]
    assert len(paths) == MODELS
    return [path for path in paths if path.stem not in WITHOUT_DATA]


def difference_from_reference(path: Path, device: Device) -> int | str:
    """The largest difference over all outputs, or why the device does not run the model, or fails to."""
    graph = read_model(path).graph
    refusals = partition(graph, device).refusals
    if refusals:
        return "; ".join(refusals.values())
    random = np.random.default_rng(0)
    inputs = [
        random.integers(*tensor.dtype.integer_range, tensor.shape, tensor.dtype.value, endpoint=True)
        for tensor in graph.input_tensors
    ]
    try:
        outputs = run_on(device, graph, inputs)
    except DeviceLost as error:
        return str(error)
    expected = run_file(path.read_bytes(), inputs)
    return max(largest_difference(*pair) for pair in zip(outputs, expected, strict=True))
