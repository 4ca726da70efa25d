"""Recurrent layers.

State is explicit: a layer reads its state from an input tensor and gives the new state as an output, so that a driver
needs no memory between inferences. Who runs the graph feeds a state's output back as its input.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    Activation,
    Input,
    Operation,
    OptionalInput,
    Output,
    Positive,
    require_dtype,
    require_rank,
    require_same_dtype,
)
from npu_hal.api.quantization import Quantization
from npu_hal.api.tensor import Shape, Tensor

_FLOAT_OR_INT8 = (DType.FLOAT32, DType.INT8)


class UnidirectionalSequenceLstm(Operation):
    """A long short-term memory layer over a sequence.

    input ``[B, T, I]`` (``[T, B, I]`` if `time_major`), output ``[B, T, O]`` likewise; U units, O outputs (O = U
    without projection). Input weights ``[U, I]``, recurrent weights ``[U, O]``, cell (peephole) weights, layer
    normalisation coefficients and gate biases ``[U]``, projection weights ``[O, U]`` and bias ``[O]``; output state
    ``[B, O]``, cell state ``[B, U]``. Per step::

        gate = sigmoid(W_x x + W_h h [+ w_c * c] + b)      for input, forget and output gate
        c    = forget * c + input * activation(W_x x + W_h h + b)
        h    = projection(output * activation(c))

    Without input gate weights the input gate is 1 - forget gate. `cell_clip` and `projection_clip` bound c and h,
    0 means no bound. 8-bit layers have int8 input, output state and weights, int32 biases and an int16 cell state
    whose scale is a power of two; `hidden_quantization` is the quantisation of output * activation(c), and
    `gate_quantizations` those of the normalised sums of input, forget, cell and output gate.
    """

    kind: Literal["UNIDIRECTIONAL_SEQUENCE_LSTM"] = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    input: Input
    input_to_input_weights: OptionalInput = None
    input_to_forget_weights: Input
    input_to_cell_weights: Input
    input_to_output_weights: Input
    recurrent_to_input_weights: OptionalInput = None
    recurrent_to_forget_weights: Input
    recurrent_to_cell_weights: Input
    recurrent_to_output_weights: Input
    cell_to_input_weights: OptionalInput = None
    cell_to_forget_weights: OptionalInput = None
    cell_to_output_weights: OptionalInput = None
    input_gate_bias: OptionalInput = None
    forget_gate_bias: Input
    cell_gate_bias: Input
    output_gate_bias: Input
    projection_weights: OptionalInput = None
    projection_bias: OptionalInput = None
    output_state: Input
    cell_state: Input
    input_layer_norm_coefficients: OptionalInput = None
    forget_layer_norm_coefficients: OptionalInput = None
    cell_layer_norm_coefficients: OptionalInput = None
    output_layer_norm_coefficients: OptionalInput = None
    output: Output
    new_output_state: Output
    new_cell_state: Output
    activation: Literal["TANH", "RELU", "RELU6", "SIGMOID", "NONE"] = "TANH"
    cell_clip: float = 0.0
    projection_clip: float = 0.0
    time_major: bool = False
    hidden_quantization: Quantization | None = None
    gate_quantizations: tuple[Quantization | None, ...] = ()

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """Output ``[B, T, O]`` or ``[T, B, O]``, output state ``[B, O]``, cell state ``[B, U]``."""
        first, second, depth = require_rank(tensors, self.input, 3, "input")
        batch = second if self.time_major else first
        units, weights_depth = require_rank(tensors, self.input_to_forget_weights, 2, "input weights")
        recurrent_units, outputs = require_rank(tensors, self.recurrent_to_forget_weights, 2, "recurrent weights")
        if weights_depth != depth or recurrent_units != units:
            raise InvalidGraph(
                f"input weights [{units}, {weights_depth}] and recurrent weights [{recurrent_units}, {outputs}] do not "
                f"fit an input of {depth} elements a step"
            )
        self._check_gates(tensors, units, depth, outputs)
        self._check_state(tensors, self.output_state, (batch, outputs))
        self._check_state(tensors, self.cell_state, (batch, units))
        if self.projection_weights is None and units != outputs:
            raise InvalidGraph(f"{units} units give {outputs} outputs, but there are no projection weights")
        return ((first, second, outputs), (batch, outputs), (batch, units))

    def _check_gates(self, tensors: Sequence[Tensor], units: int, depth: int, outputs: int) -> None:
        expected: dict[int | None, Shape] = {}
        for gate in ("input", "forget", "cell", "output"):
            expected[getattr(self, f"input_to_{gate}_weights")] = (units, depth)
            expected[getattr(self, f"recurrent_to_{gate}_weights")] = (units, outputs)
            expected[getattr(self, f"{gate}_gate_bias")] = (units,)
            expected[getattr(self, f"{gate}_layer_norm_coefficients")] = (units,)
        for gate in ("input", "forget", "output"):
            expected[getattr(self, f"cell_to_{gate}_weights")] = (units,)
        expected[self.projection_weights] = (outputs, units)
        expected[self.projection_bias] = (outputs,)
        for index, shape in expected.items():
            if index is not None and tensors[index].shape != shape:
                raise InvalidGraph(
                    f"tensor {index} {tensors[index].name!r} has shape {list(tensors[index].shape)}, not {list(shape)}"
                )
        if (self.input_to_input_weights is None) != (self.recurrent_to_input_weights is None):
            raise InvalidGraph("an input gate has both input and recurrent weights, or neither")

    @staticmethod
    def _check_state(tensors: Sequence[Tensor], index: int, shape: Shape) -> None:
        if tensors[index].size != shape[0] * shape[1]:
            raise InvalidGraph(
                f"state tensor {index} {tensors[index].name!r} has shape {list(tensors[index].shape)}, "
                f"not {list(shape)}"
            )

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 throughout, or int8 with int16 cell state and int32 biases."""
        dtype = require_dtype(tensors, self.input, _FLOAT_OR_INT8, "input")
        require_same_dtype(tensors, (self.input, self.output, self.output_state, self.new_output_state))
        require_same_dtype(tensors, (self.input_to_forget_weights, self.recurrent_to_forget_weights, self.input))
        state, bias = (DType.FLOAT32, DType.FLOAT32) if dtype is DType.FLOAT32 else (DType.INT16, DType.INT32)
        require_dtype(tensors, self.cell_state, (state,), "cell state")
        require_dtype(tensors, self.new_cell_state, (state,), "new cell state")
        require_dtype(tensors, self.forget_gate_bias, (bias,), "bias")
        if dtype is DType.INT8 and self.hidden_quantization is None:
            raise InvalidGraph("an int8 LSTM needs the quantisation of its hidden state")


class Rnn(Operation):
    """A basic recurrent layer: ``h = activation(W x + R h + b)``.

    input ``[B, I]``, weights ``[U, I]``, recurrent weights ``[U, U]``, bias ``[U]``, hidden state and output
    ``[B, U]``. The output is the new state.
    """

    kind: Literal["RNN"] = "RNN"
    input: Input
    weights: Input
    recurrent_weights: Input
    bias: Input
    hidden_state: Input
    new_hidden_state: Output
    output: Output
    activation: Activation | Literal["TANH", "SIGMOID"] = Activation.NONE

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[B, U]`` twice."""
        batch, depth = require_rank(tensors, self.input, 2, "input")
        units, weights_depth = require_rank(tensors, self.weights, 2, "weights")
        shapes = {self.recurrent_weights: (units, units), self.bias: (units,), self.hidden_state: (batch, units)}
        if weights_depth != depth or any(tensors[index].shape != shape for index, shape in shapes.items()):
            raise InvalidGraph(f"recurrent weights, bias or state do not fit {units} units and an input of {depth}")
        return ((batch, units), (batch, units))

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 throughout."""
        for index in (*self.inputs, *self.outputs):
            require_dtype(tensors, index, (DType.FLOAT32,), "RNN")


class Svdf(Operation):
    """A fully connected layer whose weights are a singular value decomposition over time.

    input ``[B, I]``, feature weights ``[F, I]``, time weights ``[F, M]``, bias ``[U]``, state ``[B, M * F]``, output
    ``[B, U]``, F = U * `rank`. The state holds each filter's last M activations, oldest first; each step drops the
    oldest, appends ``feature weights @ x``, weighs them in time and sums each unit's `rank` filters. 8-bit layers have
    int8 input, output and feature weights, int16 time weights and state, and an int32 bias.
    """

    kind: Literal["SVDF"] = "SVDF"
    input: Input
    feature_weights: Input
    time_weights: Input
    bias: OptionalInput = None
    state: Input
    new_state: Output
    output: Output
    rank: Positive
    activation: Activation = Activation.NONE
    needs_quantization: ClassVar[bool] = False

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """State ``[B, M * F]``, output ``[B, U]``."""
        batch, depth = require_rank(tensors, self.input, 2, "input")
        filters, weights_depth = require_rank(tensors, self.feature_weights, 2, "feature weights")
        time_filters, memory = require_rank(tensors, self.time_weights, 2, "time weights")
        if weights_depth != depth or time_filters != filters or filters % self.rank:
            raise InvalidGraph(
                f"feature weights [{filters}, {weights_depth}] and time weights [{time_filters}, {memory}] do not fit "
                f"an input of {depth} and rank {self.rank}"
            )
        if tensors[self.state].shape != (batch, memory * filters):
            raise InvalidGraph(
                f"state tensor {self.state} has shape {list(tensors[self.state].shape)}, "
                f"not {[batch, memory * filters]}"
            )
        units = filters // self.rank
        if self.bias is not None and tensors[self.bias].size != units:
            raise InvalidGraph(f"bias tensor {self.bias} has not one element for each of {units} units")
        return ((batch, memory * filters), (batch, units))

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 throughout, or int8 with int16 state and time weights."""
        dtype = require_dtype(tensors, self.input, _FLOAT_OR_INT8, "input")
        require_same_dtype(tensors, (self.input, self.feature_weights, self.output))
        state = DType.FLOAT32 if dtype is DType.FLOAT32 else DType.INT16
        for index in (self.time_weights, self.state, self.new_state):
            require_dtype(tensors, index, (state,), "state or time weights")
        if dtype is DType.INT8 and any(
            tensors[index].quantization is None
            for index in (self.input, self.feature_weights, self.time_weights, self.state, self.output)
        ):
            raise InvalidGraph("an int8 SVDF needs the quantisation of input, weights, state and output")
