"""Inspecting a model: placement, compilation and measurement, gathered by operation of the model file."""

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import perf_counter

from npu_hal.api import Device, DeviceKind, NoSuchDriver, NpuHalError, SubgraphReport
from npu_hal.inspection.inspection import Inspection, OperationRecord, Placement, StepRecord, TensorRecord
from npu_hal.inspection.measure import measure_operations
from npu_hal.inspection.reasons import group_reasons
from npu_hal.multiply_accumulates import multiply_accumulates
from npu_hal.partitioner import Step, alternate
from npu_hal.registry import Registry, default_registry
from npu_hal.selection import select
from npu_hal.tflite.partial_model import PartialModel, read_partial_model


@dataclass(frozen=True, slots=True)
class _Node:
    """An operator's operands in the numbers of the file."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def inspect_model(
    path: str | os.PathLike[str],
    driver: str | None = None,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
    runs: int = 5,
    registry: Registry | None = None,
) -> Inspection:
    """Place the model's operations, compile what the device takes, and time each on the CPU driver `runs` times.

    With no `runs` nothing is timed. Operators that npu-hal cannot express are part of the picture. Raises
    `InvalidModel`, what `npu_hal.selection.select` raises, and what opening the device raises.
    """
    registry = registry or default_registry()
    selection = select(driver, device, registry)
    model = read_partial_model(path)
    with ExitStack() as stack:
        opened = stack.enter_context(selection.driver.open(selection.device, options))
        refusals = _refusals(model, opened)
        nodes = _nodes(model)
        steps = _divide(nodes, refusals)
        records = [_step(number, step, nodes, model, opened) for number, step in enumerate(steps)]
        fallback_name, seconds = "", {}
        try:
            fallback = registry.fallback()
        except NoSuchDriver:
            pass
        else:
            fallback_name = fallback.name
            if runs:
                seconds = measure_operations(model.graph, stack.enter_context(fallback.open()), runs)
        tensors = _tensors(model)
        operations = _operations(model, nodes, refusals, records, tensors, seconds)
        return Inspection(
            model=os.fspath(path),
            description=model.description,
            driver=selection.driver.name,
            device=opened.info.name,
            device_description=opened.info.description,
            fallback="" if opened.info.kind is DeviceKind.CPU and not refusals else fallback_name,
            tensors=tensors,
            inputs=model.inputs,
            outputs=model.outputs,
            operations=operations,
            steps=tuple(records),
            reasons=group_reasons(operations, tensors),
        )


def _refusals(model: PartialModel, device: Device) -> dict[int, str]:
    """Why operations are not on the device, by position in the file."""
    refusals = {operator.index: operator.reason for operator in model.operators if operator.reason}
    for position, operation in zip(model.positions, model.graph.operations, strict=True):
        support = device.supports(operation, model.graph)
        if not support:
            refusals[position] = support.reason
    return dict(sorted(refusals.items()))


def _nodes(model: PartialModel) -> dict[int, _Node]:
    """The operators that somebody runs, by position in the file."""
    nodes = {}
    for operator in model.operators:
        if operator.operation is not None:
            nodes[operator.index] = _Node(operator.operation.inputs, operator.operation.outputs)
        elif operator.reason:
            nodes[operator.index] = _Node(
                tuple(index for index in operator.view.inputs if index >= 0), operator.view.outputs
            )
    return nodes


def _divide(nodes: Mapping[int, _Node], refusals: Mapping[int, str]) -> list[Step]:
    """Steps of operators by their positions in the file."""
    positions = list(nodes)
    refused = {place for place, position in enumerate(positions) if position in refusals}
    return [
        Step(tuple(positions[place] for place in step.positions), step.on_device)
        for step in alternate(list(nodes.values()), refused)
    ]


def _step(number: int, step: Step, nodes: Mapping[int, _Node], model: PartialModel, device: Device) -> StepRecord:
    inputs, outputs = _borders(step, nodes, model)
    record = StepRecord(
        number=number,
        on_device=step.on_device,
        operations=step.positions,
        inputs=inputs,
        outputs=outputs,
        input_bytes=_bytes(inputs, model),
        output_bytes=_bytes(outputs, model),
        rearranging_bytes=0,
        compile_seconds=None,
        problem="",
        report=None,
    )
    return _compile(record, model, device) if step.on_device else record


def _compile(record: StepRecord, model: PartialModel, device: Device) -> StepRecord:
    places = {position: place for place, position in enumerate(model.positions)}
    part, _ = model.graph.extract([places[position] for position in record.operations])
    started = perf_counter()
    try:
        with device.create_subgraph(part) as subgraph:
            seconds = perf_counter() - started
            report = subgraph.report()
    except NpuHalError as error:
        return replace(record, problem=str(error))
    if report is not None and not _is_sound(report, len(record.operations)):
        return replace(record, compile_seconds=seconds, problem="the driver's report on it makes no sense")
    return replace(
        record, compile_seconds=seconds, report=report, rearranging_bytes=0 if report is None else _rearranging(report)
    )


def _is_sound(report: SubgraphReport, operations: int) -> bool:
    """Whether a driver's report is about operations that there are, and times that can be."""
    return all(
        all(0 <= operation < operations for operation in job.operations)
        and (job.estimated_seconds is None or 0 <= job.estimated_seconds < math.inf)
        for job in report.jobs
    )


def _rearranging(report: SubgraphReport) -> int:
    return sum(job.input_bytes + job.output_bytes for job in report.jobs if not job.macs)


def _borders(step: Step, nodes: Mapping[int, _Node], model: PartialModel) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tensors that the step reads and does not compute, constants aside, and those that others read of it."""
    inside = set(step.positions)
    everything = {index for node in nodes.values() for index in node.outputs} | set(model.inputs)
    results = {model.tensor_indices[index] for index in model.graph.outputs}
    computed = {index for position in step.positions for index in nodes[position].outputs}
    read = dict.fromkeys(index for position in step.positions for index in nodes[position].inputs)
    wanted = {index for position, node in nodes.items() if position not in inside for index in node.inputs}
    wanted.update(model.outputs, results)
    return (
        tuple(index for index in read if index in everything and index not in computed),
        tuple(index for index in sorted(computed) if index in wanted),
    )


def _bytes(indices: Sequence[int], model: PartialModel) -> int:
    return sum(model.tensors[index].nbytes for index in indices if index in model.tensors)


def _tensors(model: PartialModel) -> dict[int, TensorRecord]:
    return {
        index: TensorRecord(index, tensor.name, str(tensor.dtype), tensor.shape, tensor.nbytes, tensor.is_constant)
        for index, tensor in model.tensors.items()
    }


def _operations(
    model: PartialModel,
    nodes: Mapping[int, _Node],
    refusals: Mapping[int, str],
    steps: Sequence[StepRecord],
    tensors: Mapping[int, TensorRecord],
    seconds: Mapping[int, float],
) -> tuple[OperationRecord, ...]:
    step_of = {position: step.number for step in steps for position in step.operations}
    places = {position: place for place, position in enumerate(model.positions)}
    estimates = _estimates(steps)
    records = []
    for operator in model.operators:
        position = operator.index
        node = nodes.get(position, _Node((), operator.view.outputs))
        macs, measured = 0, None
        if operator.operation is None:
            placement = Placement.RUNTIME if operator.reason else Placement.NOBODY
        else:
            placement = Placement.FALLBACK if position in refusals else Placement.DEVICE
            place = places[position]
            macs = multiply_accumulates(model.graph.operations[place], model.graph.tensors)
            measured = seconds.get(place)
        constants = (tensors[index] for index in dict.fromkeys(node.inputs) if index in tensors)
        records.append(
            OperationRecord(
                position=position,
                kind=operator.name,
                inputs=node.inputs,
                outputs=node.outputs,
                placement=placement,
                step=step_of.get(position, -1),
                reason=refusals.get(position, ""),
                macs=macs,
                constant_bytes=sum(tensor.byte_count for tensor in constants if tensor.is_constant),
                estimated_seconds=estimates.get(position),
                measured_seconds=measured,
            )
        )
    return tuple(records)


def _estimates(steps: Sequence[StepRecord]) -> dict[int, float]:
    """Seconds by operation; a job of several operations is shared evenly, one without a model is left out."""
    estimates: dict[int, float] = {}
    for step in steps:
        for job in step.report.jobs if step.report else ():
            for operation in job.operations:
                if job.estimated_seconds is not None:
                    position = step.operations[operation]
                    share = job.estimated_seconds / len(job.operations)
                    estimates[position] = estimates.get(position, 0.0) + share
    return estimates
