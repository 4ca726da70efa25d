"""LSTM, SVDF and RNN layers against TensorFlow Lite's reference kernels, over several steps that share state."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from npu_hal.api import (
    Activation,
    Array,
    DType,
    Graph,
    GraphBuilder,
    Quantization,
    Rnn,
    Svdf,
    UnidirectionalSequenceLstm,
)
from npu_hal_software.driver import SoftwareDriver
from tests.software.layers import assert_layer_matches_tflite

GATES = ("input", "forget", "cell", "output")
STEPS = 4


@dataclass(frozen=True)
class Lstm:
    """What an LSTM of a test has; `cell_power` is the exponent of the cell state's scale."""

    is_int8: bool
    batch: int = 2
    steps: int = 3
    depth: int = 5
    units: int = 8
    outputs: int = 8
    has_input_gate: bool = True
    has_peepholes: bool = False
    has_projection: bool = False
    has_layer_norm: bool = False
    time_major: bool = False
    cell_clip: float = 0.0
    projection_clip: float = 0.0
    cell_power: int = -11
    weight_scale: float = 0.02


class _LstmGraph:
    """Builds the graph of one layer with random weights."""

    def __init__(self, layer: Lstm, seed: int) -> None:
        self._layer = layer
        self._random = np.random.default_rng(seed)
        self._builder = GraphBuilder("lstm")
        self._fields: dict[str, Any] = {}

    def build(self) -> Graph:
        layer, builder = self._layer, self._builder
        activations = DType.INT8 if layer.is_int8 else DType.FLOAT32
        cells = DType.INT16 if layer.is_int8 else DType.FLOAT32
        input_quantization = self._quantization(0.05, 3)
        state_quantization = self._quantization(0.007, -5)
        cell_quantization = self._quantization(2.0**layer.cell_power, 0)
        shape = (layer.steps, layer.batch) if layer.time_major else (layer.batch, layer.steps)
        x = builder.input("x", (*shape, layer.depth), activations, input_quantization)
        state = builder.input("state", (layer.batch, layer.outputs), activations, state_quantization)
        cell = builder.input("cell", (layer.batch, layer.units), cells, cell_quantization)
        for gate in GATES:
            if gate == "input" and not layer.has_input_gate:
                continue
            self._weights(f"input_to_{gate}_weights", (layer.units, layer.depth))
            self._weights(f"recurrent_to_{gate}_weights", (layer.units, layer.outputs))
            self._bias(f"{gate}_gate_bias", layer.units)
            if layer.has_peepholes and gate != "cell":
                self._weights(f"cell_to_{gate}_weights", (layer.units,), np.int16, layer.weight_scale / 100)
            if layer.has_layer_norm:
                coefficients = self._random.uniform(0.5, 1.5, layer.units).astype(np.float32)
                name = f"{gate}_layer_norm_coefficients"
                self._fields[name] = builder.constant(name, coefficients)
        if layer.has_projection:
            self._weights("projection_weights", (layer.outputs, layer.units))
            self._bias("projection_bias", layer.outputs, 1e-5)
        output = builder.tensor("output", activations, state_quantization)
        new_state = builder.tensor("new state", activations, state_quantization)
        new_cell = builder.tensor("new cell", cells, cell_quantization)
        builder.append(
            UnidirectionalSequenceLstm(
                input=x,
                output_state=state,
                cell_state=cell,
                output=output,
                new_output_state=new_state,
                new_cell_state=new_cell,
                time_major=layer.time_major,
                cell_clip=layer.cell_clip,
                projection_clip=layer.projection_clip,
                hidden_quantization=self._quantization(*((0.005, 20) if layer.has_projection else (0.007, -5))),
                **self._fields,
            )
        )
        return builder.build([output, new_state, new_cell])

    def _quantization(self, scale: float, zero_point: int) -> Quantization | None:
        return Quantization.per_tensor(float(np.float32(scale)), zero_point) if self._layer.is_int8 else None

    def _weights(self, name: str, shape: tuple[int, ...], integer: Any = np.int8, scale: float | None = None) -> None:
        if self._layer.is_int8:
            limit = np.iinfo(integer).max
            data: Array = self._random.integers(-limit, limit, shape, integer, endpoint=True)
        else:
            data = self._random.normal(0, 0.5, shape).astype(np.float32)
        self._fields[name] = self._builder.constant(
            name, data, self._quantization(scale or self._layer.weight_scale, 0)
        )

    def _bias(self, name: str, count: int, scale: float = 1e-3) -> None:
        if self._layer.is_int8:
            data: Array = self._random.integers(-2000, 2000, count, np.int32)
        else:
            data = self._random.normal(0, 0.5, count).astype(np.float32)
        self._fields[name] = self._builder.constant(name, data, self._quantization(scale, 0))


LAYERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "time major": {"time_major": True},
    "without input gate": {"has_input_gate": False},
    "with peepholes": {"has_peepholes": True},
    "with projection": {"has_projection": True, "outputs": 6},
    "clipped": {"has_projection": True, "outputs": 6, "cell_clip": 0.4, "projection_clip": 0.3},
}


def inputs_for(graph: Graph, states: int, seed: int) -> list[list[Array]]:
    """Random inputs of several steps, without those of states."""
    random = np.random.default_rng(seed)
    tensors = graph.input_tensors[: len(graph.inputs) - states]
    return [[_array(random, tensor.shape, tensor.dtype) for tensor in tensors] for _ in range(STEPS)]


def _array(random: np.random.Generator, shape: Sequence[int], dtype: DType) -> Array:
    if dtype is DType.FLOAT32:
        return random.normal(0, 1, shape).astype(np.float32)
    return random.integers(-128, 127, shape, np.int8, endpoint=True)


@pytest.mark.parametrize("variant", LAYERS)
@pytest.mark.parametrize("is_int8", [False, True])
def test_lstm(variant: str, is_int8: bool) -> None:
    for seed in range(3):
        graph = _LstmGraph(Lstm(is_int8=is_int8, **LAYERS[variant]), seed).build()
        assert_layer_matches_tflite(graph, inputs_for(graph, 2, seed))


@pytest.mark.parametrize("power", range(-15, -8))
def test_int8_lstm_with_every_scale_of_the_cell_state(power: int) -> None:
    graph = _LstmGraph(Lstm(is_int8=True, cell_power=power, units=64, outputs=64, weight_scale=0.1), 1).build()
    assert_layer_matches_tflite(graph, inputs_for(graph, 2, 1))


@pytest.mark.parametrize("has_input_gate", [True, False])
def test_float_lstm_with_layer_normalisation(has_input_gate: bool) -> None:
    graph = _LstmGraph(Lstm(is_int8=False, has_layer_norm=True, has_input_gate=has_input_gate), 2).build()
    assert_layer_matches_tflite(graph, inputs_for(graph, 2, 2))


def svdf(is_int8: bool, rank: int, seed: int) -> Graph:
    random = np.random.default_rng(seed)
    batch, depth, units, memory = 2, 6, 4, 5
    builder = GraphBuilder("svdf")

    def quantization(scale: float, zero_point: int = 0) -> Quantization | None:
        return Quantization.per_tensor(float(np.float32(scale)), zero_point) if is_int8 else None

    def constant(name: str, shape: tuple[int, ...], integer: Any, scale: float) -> int:
        if is_int8:
            limit = int(np.iinfo(integer).max) if integer is not np.int32 else 20000
            return builder.constant(name, random.integers(-limit, limit, shape, integer), quantization(scale))
        return builder.constant(name, random.normal(0, 1, shape).astype(np.float32))

    activations, states = (DType.INT8, DType.INT16) if is_int8 else (DType.FLOAT32, DType.FLOAT32)
    filters = units * rank
    x = builder.input("x", (batch, depth), activations, quantization(0.05, 7))
    state = builder.input("state", (batch, filters * memory), states, quantization(2e-4))
    features = constant("features", (filters, depth), np.int8, 0.01)
    times = constant("times", (filters, memory), np.int16, 3e-5)
    bias = constant("bias", (units,), np.int32, 6e-9)
    new_state = builder.tensor("new state", states, quantization(2e-4))
    output = builder.tensor("output", activations, quantization(0.05, -128))
    builder.append(
        Svdf(
            input=x,
            feature_weights=features,
            time_weights=times,
            bias=bias,
            state=state,
            new_state=new_state,
            output=output,
            rank=rank,
            activation=Activation.RELU,
        )
    )
    return builder.build([output, new_state])


@pytest.mark.parametrize("is_int8", [False, True])
@pytest.mark.parametrize("rank", [1, 2])
def test_svdf(is_int8: bool, rank: int) -> None:
    for seed in range(3):
        graph = svdf(is_int8, rank, seed)
        assert_layer_matches_tflite(graph, inputs_for(graph, 1, seed))


@pytest.mark.parametrize("activation", [Activation.NONE, Activation.RELU6, "TANH"])
def test_rnn(activation: Any) -> None:
    random = np.random.default_rng(5)
    builder = GraphBuilder("rnn")
    x = builder.input("x", (2, 3), DType.FLOAT32)
    state = builder.input("state", (2, 4), DType.FLOAT32)
    weights, recurrent, bias = (
        builder.constant(name, random.normal(0, 0.7, shape).astype(np.float32))
        for name, shape in (("w", (4, 3)), ("r", (4, 4)), ("b", (4,)))
    )
    new_state, output = builder.tensor("new state", DType.FLOAT32), builder.tensor("output", DType.FLOAT32)
    builder.append(
        Rnn(
            input=x,
            weights=weights,
            recurrent_weights=recurrent,
            bias=bias,
            hidden_state=state,
            new_hidden_state=new_state,
            output=output,
            activation=activation,
        )
    )
    graph = builder.build([output, new_state])
    assert_layer_matches_tflite(graph, inputs_for(graph, 1, 1))


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (Lstm(is_int8=True, has_layer_norm=True), "layer normalisation in an int8 LSTM is not defined"),
        (Lstm(is_int8=True, cell_power=-16), r"the cell state's scale .* powers of two from 2\*\*-15 to 2\*\*-9"),
    ],
)
def test_int8_lstms_that_are_refused(layer: Lstm, reason: str) -> None:
    graph = _LstmGraph(layer, 1).build()
    with SoftwareDriver().open() as device:
        support = device.supports(graph.operations[0], graph)
    assert not support
    assert re.search(reason, support.reason)
