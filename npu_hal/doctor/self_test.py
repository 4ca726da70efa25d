"""A small network on a device, its results held against those of the CPU driver."""

from time import perf_counter

import numpy as np

from npu_hal.api import (
    Activation,
    Array,
    Conv2D,
    Device,
    DeviceInfo,
    DeviceKind,
    Driver,
    DType,
    Finding,
    Graph,
    GraphBuilder,
    NpuHalError,
    Padding,
    Quantization,
)
from npu_hal.doctor.examination import ok, problem, warning
from npu_hal.layers.difference import difference
from npu_hal.registry import Registry


def run_self_test(driver: Driver, info: DeviceInfo, registry: Registry) -> Finding:
    """Open the device, run the network, compare."""
    check = f"{info.kind} {info.name}"
    try:
        with driver.open(info.name) as device:
            return _compare(check, info, device, registry)
    except NpuHalError as error:
        return problem(check, f"{info.description}: the self-test failed: {error}")
    # What else a driver raises is its mistake, and a finding.
    except Exception as error:
        return problem(
            check,
            f"{info.description}: the driver failed in a way that it should not: {type(error).__name__}: {error}",
            f"report this to those who made driver {driver.name} ({registry.owner(driver.name)})",
        )


def _compare(check: str, info: DeviceInfo, device: Device, registry: Registry) -> Finding:
    graph = self_test_graph()
    refusals = [support.reason for operation in graph.operations if not (support := device.supports(operation, graph))]
    if refusals:
        observation = f"{info.description}: no self-test, because the device refuses it: {refusals[0]}"
        # Nobody misses a refusal of an emulator, which is there to be looked at.
        return ok(check, observation) if info.kind is DeviceKind.EMULATOR else warning(check, observation)
    inputs = [
        np.random.default_rng(0).integers(0, 256, tensor.shape, np.uint8, endpoint=False)
        for tensor in graph.input_tensors
    ]
    actual, milliseconds = _run(device, graph, inputs)
    with registry.fallback().open() as reference:
        expected, _ = _run(reference, graph, inputs)
    found = difference(graph.output_tensors[0], actual, expected, device.tolerance)
    if found.is_tolerable:
        return ok(check, f"{info.description}; self-test passed in {milliseconds:.1f} ms")
    return problem(
        check,
        f"{info.description}: the self-test's results are wrong: {found.wrong:.0%} of the values differ from the CPU's "
        f"by more than the driver's tolerance, by up to {found.largest:g} steps",
        "run a model with TEFLON_DRIVER=validate+DRIVER to see which operation is wrong, and report it with the trace "
        "that TEFLON_DRIVER=trace+DRIVER records",
    )


def _run(device: Device, graph: Graph, inputs: list[Array]) -> tuple[Array, float]:
    (tensor,) = graph.output_tensors
    output = np.zeros(tensor.shape, tensor.dtype.numpy)
    with device.create_subgraph(graph) as subgraph:
        started = perf_counter()
        subgraph.invoke(inputs)
        subgraph.read_outputs([output])
        return output, (perf_counter() - started) * 1e3


def self_test_graph() -> Graph:
    """Two convolutions of uint8, 3x3 and pointwise, whose outputs use most of their range."""
    rng = np.random.default_rng(1)
    builder = GraphBuilder("self-test")
    weight_scale, scales = 0.01, (0.02, 0.05, 0.05)
    value = builder.input("input", (1, 16, 16, 8), DType.UINT8, Quantization.per_tensor(scales[0], 128))
    channels = 8
    for layer, (outputs, side) in enumerate(((16, 3), (8, 1))):
        weights = rng.integers(0, 256, (outputs, side, side, channels), np.uint8, endpoint=False)
        bias = rng.integers(-500, 500, outputs, np.int32)
        result = builder.tensor(f"layer {layer}", DType.UINT8, Quantization.per_tensor(scales[layer + 1], 128))
        builder.append(
            Conv2D(
                input=value,
                filter=builder.constant(f"weights {layer}", weights, Quantization.per_tensor(weight_scale, 128)),
                bias=builder.constant(f"bias {layer}", bias, Quantization.per_tensor(scales[layer] * weight_scale, 0)),
                output=result,
                padding=Padding.SAME,
                activation=Activation.NONE,
            )
        )
        value, channels = result, outputs
    return builder.build([value])
