"""Subgraphs: what is left to numpy, inputs in place, memory, and calls that are refused."""

import ctypes
import signal

import numpy as np
import pytest

from npu_hal.api import (
    Add,
    Array,
    Dequantize,
    DType,
    Graph,
    GraphBuilder,
    InvalidInput,
    InvalidOption,
    InvalidState,
    Neg,
    Quantization,
    Quantize,
    Relu,
    Reshape,
)
from npu_hal_software.driver import SoftwareDriver
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.compiler import load_kernels
from npu_hal_software.jit.lowering.select import lower_operation
from npu_hal_software.jit.program import Program
from npu_hal_software.jit.record import CALL
from npu_hal_software.jit.subgraph import JitSubgraph
from npu_hal_software.jit.tiers import choose_tier
from npu_hal_software.reference.definitions import find_definition
from npu_hal_software.reference.kernel import Definition

SHAPE = (1, 5, 7)
QUANTIZATION = Quantization.per_tensor(0.5, 3)


def float_to_float() -> Graph:
    """Neg, quantize, relu, dequantize, of which the first has no kernel."""
    builder = GraphBuilder()
    x = builder.input("x", SHAPE, DType.FLOAT32)
    negated, y = (builder.tensor(name, DType.FLOAT32) for name in ("negated", "y"))
    stored, clamped = (builder.tensor(name, DType.INT8, QUANTIZATION) for name in ("stored", "clamped"))
    builder.append(Neg(input=x, output=negated))
    builder.append(Quantize(input=negated, output=stored))
    builder.append(Relu(input=stored, output=clamped))
    builder.append(Dequantize(input=clamped, output=y))
    return builder.build([y])


def run(subgraph: JitSubgraph, graph: Graph, inputs: list[Array]) -> list[Array]:
    outputs: list[Array] = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    subgraph.invoke(inputs)
    subgraph.read_outputs(outputs)
    return outputs


def test_native_and_numpy_operations_follow_each_other() -> None:
    graph = float_to_float()
    x = np.linspace(-9, 9, 35, dtype=np.float32).reshape(SHAPE)
    for threads in ("1", "2"):
        with create_subgraph(graph, {"threads": threads}) as subgraph:
            (y,) = run(subgraph, graph, [x])
            steps = np.trunc(np.abs(x / 0.5) + 0.5) * 0.5
            np.testing.assert_array_equal(y, np.where(x < 0, steps, 0))


def test_an_exception_in_numpy_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise FloatingPointError("not today")

    broken = Definition(lambda operation, tensors: fail)
    monkeypatch.setattr(
        "npu_hal_software.reference.compilation.find_definition",
        lambda kind: broken if kind == "NEG" else find_definition(kind),
    )
    with create_subgraph(float_to_float()) as subgraph:
        subgraph.invoke([np.zeros(SHAPE, np.float32)])
        with pytest.raises(FloatingPointError, match="not today"):
            subgraph.read_outputs([np.zeros(SHAPE, np.float32)])


def test_outputs_that_are_nothing_but_inputs() -> None:
    builder = GraphBuilder()
    x = builder.input("x", SHAPE, DType.INT8, QUANTIZATION)
    flat, again = (builder.tensor(name, DType.INT8, QUANTIZATION) for name in ("flat", "again"))
    builder.append(Reshape(input=x, output=flat, shape=(35,)))
    builder.append(Reshape(input=flat, output=again, shape=(7, 5)))
    graph = builder.build([flat, again])
    values = np.arange(-17, 18, dtype=np.int8).reshape(SHAPE)
    with create_subgraph(graph) as subgraph:
        first, second = run(subgraph, graph, [values])
    np.testing.assert_array_equal(first, values.reshape(35))
    np.testing.assert_array_equal(second, values.reshape(7, 5))


def test_each_invocation_reads_the_memory_that_it_is_given() -> None:
    builder = GraphBuilder()
    x, y = (builder.input(name, SHAPE, DType.UINT8, Quantization.per_tensor(1.0)) for name in "xy")
    z = builder.tensor("z", DType.UINT8, Quantization.per_tensor(1.0))
    builder.append(Add(lhs=x, rhs=y, output=z))
    graph = builder.build([z])
    arrays: list[Array] = [np.full(SHAPE, value, np.uint8) for value in (1, 10, 100)]
    with create_subgraph(graph) as subgraph:
        assert run(subgraph, graph, [arrays[0], arrays[1]])[0][0, 0, 0] == 11
        assert run(subgraph, graph, [arrays[2], arrays[1]])[0][0, 0, 0] == 110
        arrays[2][...] = 7
        assert run(subgraph, graph, [arrays[2], arrays[0]])[0][0, 0, 0] == 8


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 5, 7), (1, 331, 70, 3)])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_outputs_are_written_to_the_byte(shape: tuple[int, ...], threads: str) -> None:
    builder = GraphBuilder()
    x = builder.input("x", shape, DType.INT8, QUANTIZATION)
    y = builder.tensor("y", DType.INT8, QUANTIZATION)
    builder.append(Relu(input=x, output=y))
    graph = builder.build([y])
    values = np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)
    with create_subgraph(graph, {"threads": threads}) as subgraph:
        # Every output lies between bytes that are somebody else's, and at another place each time.
        for start in (1, 64, 127):
            memory = np.full(values.size + 256, 55, np.int8)
            output = memory[start : start + values.size].reshape(shape)
            subgraph.invoke([values])
            subgraph.read_outputs([output])
            np.testing.assert_array_equal(output, np.maximum(values, QUANTIZATION.zero_point))
            others = np.delete(memory, slice(start, start + values.size))
            np.testing.assert_array_equal(others, 55)


def test_an_output_may_be_where_an_input_was() -> None:
    graph = float_to_float()
    x = np.linspace(-9, 9, 35, dtype=np.float32).reshape(SHAPE)
    with create_subgraph(graph) as subgraph:
        (expected,) = run(subgraph, graph, [x.copy()])
        subgraph.invoke([x])
        subgraph.read_outputs([x])
    np.testing.assert_array_equal(x, expected)


def test_buffers_that_do_not_fit_are_refused() -> None:
    with create_subgraph(float_to_float()) as subgraph:
        with pytest.raises(InvalidInput, match="0 input buffers were given for 1 input tensors"):
            subgraph.invoke([])
        with pytest.raises(InvalidState, match="invoke before read_outputs"):
            subgraph.read_outputs([np.zeros(SHAPE, np.float32)])


def test_close_may_be_called_again() -> None:
    subgraph = create_subgraph(float_to_float())
    subgraph.close()
    subgraph.close()
    with pytest.raises(InvalidState, match="closed"):
        subgraph.invoke([np.zeros(SHAPE, np.float32)])


def test_ticks_are_counted_for_each_record() -> None:
    with create_subgraph(float_to_float()) as subgraph:
        ticks = subgraph.count_ticks([np.zeros(SHAPE, np.float32)])
    assert [label for label, _ in ticks if "RELU" in label] == ["lookup: operation 2 (RELU)"]
    assert all(count >= 0 for _, count in ticks)


def test_the_driver_hands_its_options_on() -> None:
    options = {"level": "jit", "threads": "1", "tier": "generic"}
    with SoftwareDriver().open(options=options) as device, device.create_subgraph(float_to_float()) as subgraph:
        assert isinstance(subgraph, JitSubgraph)
    for wrong in ({"threads": "many"}, {"tier": "mmx"}, {"rounding": "up"}):
        with pytest.raises(InvalidOption):
            SoftwareDriver().open(options={"level": "jit", **wrong})


def test_the_reference_level_has_one_rounding() -> None:
    with pytest.raises(InvalidOption, match="needs machine code"):
        SoftwareDriver().open(options={"level": "reference", "rounding": "xnnpack"})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_before_a_callback_begins_comes_out() -> None:
    """A signal arrives in native code, so that Python looks at it first when a callback begins."""
    builder = GraphBuilder()
    x = builder.input("x", SHAPE, DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)
    builder.append(Neg(input=x, output=y))
    graph = builder.build([y])
    raise_signal = ctypes.cast(ctypes.CDLL(None)["raise"], ctypes.c_void_p).value or 0
    tier = choose_tier("generic")
    program = Program(graph, tier, "exact", threads=1)
    program.emit(CALL, 1, function=raise_signal, argument=signal.SIGINT)
    lower_operation(program, graph.operations[0], "operation 0 (NEG)")
    linked = program.link()
    with JitSubgraph(graph, linked, load_kernels(tier, "exact"), 1) as subgraph:
        subgraph.invoke([np.zeros(SHAPE, np.float32)])
        with pytest.raises(KeyboardInterrupt):
            subgraph.read_outputs([np.zeros(SHAPE, np.float32)])
        # The next inference knows nothing of it.
        linked.records[0, CALL.slot("argument")] = 0
        (result,) = run(subgraph, graph, [np.ones(SHAPE, np.float32)])
    np.testing.assert_array_equal(result, np.full(SHAPE, -1, np.float32))
