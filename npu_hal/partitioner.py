"""Dividing a graph between a device and whatever runs the rest."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    return Partitioning(alternate(graph.operations, refusals), refusals)


class Node(Protocol):
    """What has inputs and outputs, which are indices of tensors."""

    @property
    def inputs(self) -> tuple[int, ...]:
        """Tensors that are read."""

    @property
    def outputs(self) -> tuple[int, ...]:
        """Tensors that are computed."""


def alternate(nodes: Sequence[Node], refused: Container[int]) -> tuple[Step, ...]:
    """Steps of nodes in topological order, of which the device runs those whose positions are not `refused`."""
    computed = {index for node in nodes for index in node.inputs}
    computed.difference_update(index for node in nodes for index in node.outputs)
    waiting = list(range(len(nodes)))
    steps = []
    on_device = 0 not in refused
    while waiting:
        taken, left = [], []
        # Nodes are in topological order, so one pass finds all that this side can run now.
        for position in waiting:
            node = nodes[position]
            if (position not in refused) == on_device and computed.issuperset(node.inputs):
                computed.update(node.outputs)
                taken.append(position)
            else:
                left.append(position)
        if taken:
            steps.append(Step(tuple(taken), on_device))
        waiting = left
        on_device = not on_device
    return tuple(steps)
