"""Timing each operation of a graph on its own."""

import logging
from time import perf_counter

import numpy as np

from npu_hal.api import Array, Device, Graph, NpuHalError
from npu_hal.inputs.random_values import random_values

_log = logging.getLogger(__name__)

SEED = 0


def measure_operations(graph: Graph, device: Device, runs: int) -> dict[int, float]:
    """Seconds of each operation by its position: the shortest of `runs` runs after one that does not count.

    Each is compiled as a subgraph of its own. Inputs of the graph are random, those of later operations what the
    earlier ones computed. Operations that `device` does not run, and those that need their results, are left out.
    """
    rng = np.random.default_rng(SEED)
    values: dict[int, Array] = {index: random_values(graph.tensors[index], rng) for index in graph.inputs}
    seconds: dict[int, float] = {}
    readers = graph.consumers()
    for position in range(len(graph.operations)):
        operands = [index for index in graph.operations[position].inputs if not graph.tensors[index].is_constant]
        if all(index in values for index in operands):
            try:
                seconds[position] = _measure(graph, position, device, runs, values)
            except NpuHalError as error:
                _log.info("operation %d was not measured: %s", position, error)
        for index in operands:
            if readers[index][-1] == position:
                values.pop(index, None)
    return seconds


def _measure(graph: Graph, position: int, device: Device, runs: int, values: dict[int, Array]) -> float:
    # Everything that it computes is an output, whether or not another operation reads it.
    part, origin = graph.model_copy(update={"outputs": graph.operations[position].outputs}).extract([position])
    inputs = [values[origin[index]] for index in part.inputs]
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in part.output_tensors]
    shortest = float("inf")
    with device.create_subgraph(part) as subgraph:
        for run in range(runs + 1):
            started = perf_counter()
            subgraph.invoke(inputs)
            subgraph.read_outputs(outputs)
            if run:
                shortest = min(shortest, perf_counter() - started)
    values.update(zip((origin[index] for index in part.outputs), outputs, strict=True))
    return shortest
