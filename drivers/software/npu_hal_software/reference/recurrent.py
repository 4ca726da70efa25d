"""RNN and SVDF of float32 values; `svdf_int8` has SVDF of int8 values."""

from collections.abc import Callable, Sequence

import numpy as np

from npu_hal.api import Activation, Array, DType, Rnn, Svdf, Tensor
from npu_hal_software.reference.activation import hyperbolic_tangent, logistic
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.svdf_int8 import compile_svdf_int8, svdf_int8_refusal


def activation_function(name: str) -> Callable[[Array], Array]:
    """A recurrent layer's activation, by name: TANH, SIGMOID, or one that clamps."""
    if name == "TANH":
        return hyperbolic_tangent
    if name == "SIGMOID":
        return logistic
    low, high = Activation(name).bounds
    return lambda x: np.clip(x, low, high)


def compile_rnn(operation: Rnn, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of one step of a basic recurrent layer."""
    activation = activation_function(operation.activation)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, weights, recurrent_weights, bias, state = inputs
        outputs[0][...] = activation(x @ weights.T + state @ recurrent_weights.T + bias)
        outputs[1][...] = outputs[0]

    return run


def compile_svdf(operation: Svdf, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of one step of a layer whose weights are decomposed over time."""
    if tensors[operation.input].dtype is DType.INT8:
        return compile_svdf_int8(operation, tensors)
    low, high = operation.activation.bounds
    rank = operation.rank

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, features, times, *rest = inputs
        state, (new_state, output) = rest[-1], outputs
        batch, (filters, memory) = len(x), times.shape
        history = new_state.reshape(batch, filters, memory)
        history[..., :-1] = state.reshape(batch, filters, memory)[..., 1:]
        history[..., -1] = x @ features.T
        sums = np.einsum("bfm,fm->bf", history, times).reshape(batch, -1, rank).sum(axis=2)
        if operation.bias is not None:
            sums += rest[0].reshape(-1)
        np.clip(sums, low, high, out=output)

    return run


def svdf_refusal(operation: Svdf, tensors: Sequence[Tensor]) -> str:
    """Why an int8 layer is not defined; or ""."""
    return svdf_int8_refusal(operation, tensors) if tensors[operation.input].dtype is DType.INT8 else ""
