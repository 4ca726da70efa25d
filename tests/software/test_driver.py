"""The software driver's life cycle: opening, options, buffers, order of calls, memory."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import (
    Activation,
    Concatenation,
    Conv2D,
    DeviceKind,
    DeviceNotFound,
    DType,
    FullyConnected,
    Graph,
    GraphBuilder,
    InvalidInput,
    InvalidOption,
    InvalidState,
    MaxPool2D,
    Neg,
    OutOfDeviceMemory,
    Pad,
    Padding,
    Quantization,
    Quantize,
    Relu,
    Softmax,
    UnsupportedOperation,
)
from npu_hal.api import ExplicitPadding as Explicit
from npu_hal.registry import Registry
from npu_hal_software import levels
from npu_hal_software.driver import SoftwareDriver
from npu_hal_software.reference.kernel import Definition
from npu_hal_software.subgraph import ReferenceSubgraph

REFERENCE = {"level": "reference"}


def relu_chain(length: int, size: int) -> Graph:
    builder = GraphBuilder("chain")
    x = builder.input("x", (size,), DType.FLOAT32)
    for position in range(length):
        y = builder.tensor(f"y{position}", DType.FLOAT32)
        builder.append(Relu(input=x, output=y))
        x = y
    return builder.build([x])


def test_the_driver_is_found_by_its_entry_point() -> None:
    assert isinstance(Registry.discover().get("software"), SoftwareDriver)


def test_the_cpu_is_always_there() -> None:
    (device,) = SoftwareDriver().probe()
    assert (device.name, device.kind, device.is_usable) == ("cpu", DeviceKind.CPU, True)


def test_an_unknown_device_is_refused_by_name() -> None:
    with pytest.raises(DeviceNotFound, match="no device 'gpu'; its only device is 'cpu'"):
        SoftwareDriver().open("gpu")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r"cannot be 'fast'; it is one of: auto, reference, jit"):
        SoftwareDriver().open(options={"level": "fast"})


def test_without_a_code_generator_auto_is_the_reference_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "JIT_MODULE", "npu_hal_software.no_such_module")
    assert run(relu_chain(1, 2), [np.array([-1, 2], np.float32)], {"level": "auto"})[0].tolist() == [0, 2]
    with pytest.raises(InvalidOption, match=r"install npu-hal\[jit\]"):
        SoftwareDriver().open(options={"level": "jit"})


def run(graph: Graph, inputs: list[NDArray[Any]], options: dict[str, str]) -> list[NDArray[Any]]:
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with SoftwareDriver().open("cpu", options) as device, device.create_subgraph(graph) as subgraph:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs


def test_calls_after_close_are_refused() -> None:
    graph = relu_chain(1, 2)
    device = SoftwareDriver().open(options=REFERENCE)
    subgraph = device.create_subgraph(graph)
    subgraph.close()
    subgraph.close()
    buffer = np.zeros(2, np.float32)
    with pytest.raises(InvalidState, match="subgraph was closed"):
        subgraph.invoke([buffer])
    with pytest.raises(InvalidState, match="subgraph was closed"):
        subgraph.read_outputs([buffer])
    device.close()
    device.close()
    with pytest.raises(InvalidState, match="device was closed"):
        device.create_subgraph(graph)
    with pytest.raises(InvalidState, match="device was closed"):
        device.supports(graph.operations[0], graph)


def test_outputs_are_read_once_for_each_invocation() -> None:
    with SoftwareDriver().open(options=REFERENCE) as device, device.create_subgraph(relu_chain(1, 2)) as subgraph:
        buffer = np.zeros(2, np.float32)
        with pytest.raises(InvalidState, match="call invoke before read_outputs"):
            subgraph.read_outputs([buffer])
        subgraph.invoke([buffer])
        subgraph.read_outputs([buffer.copy()])
        with pytest.raises(InvalidState, match="call invoke before read_outputs"):
            subgraph.read_outputs([buffer])


def test_buffers_that_do_not_fit_are_refused() -> None:
    with SoftwareDriver().open(options=REFERENCE) as device, device.create_subgraph(relu_chain(1, 2)) as subgraph:
        good = np.zeros(2, np.float32)
        with pytest.raises(InvalidInput, match=r"input 0 'x' is float32\[2\], the buffer given float32\[3\]"):
            subgraph.invoke([np.zeros(3, np.float32)])
        subgraph.invoke([good])
        with pytest.raises(InvalidInput, match="output 0 'y0' is float32"):
            subgraph.read_outputs([np.zeros(2, np.float64)])
        read_only = np.zeros(2, np.float32)
        read_only.flags.writeable = False
        with pytest.raises(InvalidInput, match="read-only"):
            subgraph.read_outputs([read_only])
        subgraph.read_outputs([np.zeros(2, np.float32)])


def test_inputs_are_read_where_they_are_and_as_late_as_read_outputs() -> None:
    x, y = np.array([-1, 2], np.float32), np.zeros(2, np.float32)
    with SoftwareDriver().open(options=REFERENCE) as device, device.create_subgraph(relu_chain(1, 2)) as subgraph:
        subgraph.invoke([x])
        x[:] = [5, -5]
        subgraph.read_outputs([y])
    assert y.tolist() == [5, 0]


def test_tensors_are_dropped_after_their_last_use() -> None:
    size = 1 << 18
    x, y = np.zeros(size, np.float32), np.zeros(size, np.float32)
    with SoftwareDriver().open(options=REFERENCE) as device, device.create_subgraph(relu_chain(12, size)) as subgraph:
        subgraph.invoke([x])
        tracemalloc.start()
        subgraph.read_outputs([y])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # One tensor read, one written, and what an operation works with; all twelve would be 12 MiB.
    assert peak <= 4 * x.nbytes


def test_operations_without_a_definition_are_refused_with_the_reason() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 4), DType.UINT8, Quantization.per_tensor(1.0, 0))
    y = builder.tensor("y", DType.UINT8, Quantization.per_tensor(0.5, 0))
    builder.append(Softmax(input=x, output=y))
    graph = builder.build([y])
    with SoftwareDriver().open(options=REFERENCE) as device:
        support = device.supports(graph.operations[0], graph)
        assert not support
        assert "steps of 1/256" in support.reason
        with pytest.raises(UnsupportedOperation, match=r"operation 0 \(SOFTMAX\): .* steps of 1/256"):
            device.create_subgraph(graph)


def test_windows_that_see_nothing_are_refused() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 2, 2, 1), DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)
    builder.append(MaxPool2D(input=x, output=y, filter_height=1, filter_width=1, padding=Explicit(top=1)))
    graph = builder.build([y])
    with SoftwareDriver().open(options=REFERENCE) as device:
        assert "outside of the image" in device.supports(graph.operations[0], graph).reason


def test_multipliers_that_fixed_point_cannot_hold_are_refused() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 2), DType.INT8, Quantization.per_tensor(1e9))
    weights = builder.constant("w", np.ones((3, 2), np.int8), Quantization.per_tensor(1e9))
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(1e-9))
    builder.append(FullyConnected(input=x, weights=weights, output=y))
    graph = builder.build([y])
    with SoftwareDriver().open(options=REFERENCE) as device:
        assert "below 2**31" in device.supports(graph.operations[0], graph).reason


def test_scales_that_float32_cannot_hold_are_refused() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (2,), DType.INT8, Quantization.per_tensor(1e-300))
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(1.0))
    builder.append(Relu(input=x, output=y))
    graph = builder.build([y])
    with SoftwareDriver().open(options=REFERENCE) as device:
        assert "1e-300, which float32 cannot hold" in device.supports(graph.operations[0], graph).reason


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("outputs", [0, 2])
def test_tensors_without_elements(batch: int, outputs: int) -> None:
    builder = GraphBuilder()
    x = builder.input("x", (batch, 3, 3, 4), DType.UINT8, Quantization.per_tensor(1.0, 0))
    weights = builder.constant("w", np.ones((outputs, 2, 2, 4), np.uint8), Quantization.per_tensor(1.0, 0))
    y = builder.tensor("y", DType.UINT8, Quantization.per_tensor(1.0, 0))
    z = builder.tensor("z", DType.UINT8, Quantization.per_tensor(1.0, 5))
    builder.append(Conv2D(input=x, filter=weights, output=y, padding=Padding.VALID))
    builder.append(Pad(input=y, output=z, paddings=((0, 1), (0, 0), (0, 0), (0, 0))))
    (result,) = run(builder.build([z]), [np.ones((batch, 3, 3, 4), np.uint8)], REFERENCE)
    expected = np.full((batch + 1, 2, 2, outputs), 5, np.uint8)
    expected[:batch] = 16
    np.testing.assert_array_equal(result, expected)


def test_infinities_and_nan_are_quantised_without_a_warning() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (4,), DType.FLOAT32)
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(0.5, 3))
    builder.append(Quantize(input=x, output=y))
    values = np.array([np.inf, -np.inf, np.nan, 1e30], np.float32)
    (result,) = run(builder.build([y]), [values], REFERENCE)
    assert result.tolist() == [127, -128, 3, 127]


def test_a_clamp_of_complex_numbers_is_refused() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (2,), DType.COMPLEX64)
    y = builder.tensor("y", DType.COMPLEX64)
    builder.append(Concatenation(concatenated=(x, x), output=y, axis=0, activation=Activation.RELU))
    with SoftwareDriver().open() as device, pytest.raises(UnsupportedOperation, match=r"no meaning .* complex64"):
        device.create_subgraph(builder.build([y]))


@pytest.mark.parametrize("level", ["reference", "jit"])
def test_an_inference_without_memory_says_so(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 1. TiB")

    definition = Definition(lambda operation, tensors: fail)
    for user in ("reference.compilation", "reference.support"):
        monkeypatch.setattr(f"npu_hal_software.{user}.find_definition", lambda kind: definition)
    builder = GraphBuilder()
    x = builder.input("x", (2,), DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)
    builder.append(Neg(input=x, output=y))
    values = np.zeros(2, np.float32)
    with (
        SoftwareDriver().open(options={"level": level}) as device,
        device.create_subgraph(builder.build([y])) as subgraph,
    ):
        subgraph.invoke([values])
        with pytest.raises(OutOfDeviceMemory, match=r"needs more memory .* Unable to allocate 1\. TiB"):
            subgraph.read_outputs([values])


def test_where_no_memory_is_made_executable_auto_is_the_reference_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npu_hal_software.jit.elf_object._make_executable", lambda memory: False)
    with SoftwareDriver().open() as device, device.create_subgraph(relu_chain(1, 2)) as subgraph:
        assert isinstance(subgraph, ReferenceSubgraph)
    with pytest.raises(InvalidOption, match=r"level jit .*: this system does not let memory be made executable"):
        SoftwareDriver().open(options={"level": "jit"})
