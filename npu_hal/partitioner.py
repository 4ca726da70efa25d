"""Dividing a graph between a device and whatever runs the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

from npu_hal.api import Device, Graph


@dataclass(frozen=True, slots=True)
class Step:
    """Operations that run together, by ascending position in the graph, on the device or elsewhere."""

    positions: tuple[int, ...]
    on_device: bool


@dataclass(frozen=True, slots=True)
class Partitioning:
    """The steps of a graph in an order in which they can run, and why operations were left out of the device's."""

    steps: tuple[Step, ...]
    refusals: Mapping[int, str]

    @property
    def partitions(self) -> tuple[tuple[int, ...], ...]:
        """The steps that the device runs."""
        return tuple(step.positions for step in self.steps if step.on_device)

    @property
    def is_whole(self) -> bool:
        """Whether the device runs everything."""
        return not self.refusals


def partition(graph: Graph, device: Device) -> Partitioning:
    """Ask `device` for each operation, and gather what it supports in as few steps as the graph's order allows.

    Steps alternate between the device and the rest. Each takes every operation of its side whose inputs are there,
    transitively, before the other side gets its turn, so no two steps wait for each other.
    """
    refusals = {}
    for position, operation in enumerate(graph.operations):
        support = device.supports(operation, graph)
        if not support:
            refusals[position] = support.reason
    return Partitioning(_alternate(graph, refusals), refusals)


def _alternate(graph: Graph, refusals: Mapping[int, str]) -> tuple[Step, ...]:
    computed = {index for index, tensor in enumerate(graph.tensors) if tensor.is_constant} | set(graph.inputs)
    waiting = list(range(len(graph.operations)))
    steps = []
    on_device = 0 not in refusals
    while waiting:
        taken, left = [], []
        # Operations are in topological order, so one pass finds all that this side can run now.
        for position in waiting:
            operation = graph.operations[position]
            if (position not in refusals) == on_device and computed.issuperset(operation.inputs):
                computed.update(operation.outputs)
                taken.append(position)
            else:
                left.append(position)
        if taken:
            steps.append(Step(tuple(taken), on_device))
        waiting = left
        on_device = not on_device
    return tuple(steps)
