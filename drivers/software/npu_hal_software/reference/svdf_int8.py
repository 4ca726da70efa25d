"""SVDF of int8 activations and feature weights, with int16 state and time weights.

state  = oldest activation dropped, saturate(round(features @ (x - zero_point_x) * s_x s_features / s_state)) appended
output = clamp(round((bias + sum over rank and time of times * state) * s_state s_times / s_y) + zero_point_y)
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Svdf, Tensor
from npu_hal_software.reference.fixed_point import FixedPointMultiplier, wrap_int32
from npu_hal_software.reference.fixed_point16 import INT16_MAX, INT16_MIN
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of


def compile_svdf_int8(operation: Svdf, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of one step of an int8 layer."""
    to_state, to_output = _multipliers(operation, tensors)
    feature_stage = FixedPointMultiplier.from_real(to_state)
    stage = OutputStage.to(tensors[operation.output], to_output, operation.activation)
    zero_point = zero_point_of(tensors[operation.input])

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, features, times, *rest = inputs
        state, (new_state, output) = rest[-1], outputs
        batch, (filters, memory) = len(x), times.shape
        history = new_state.reshape(batch, filters, memory)
        history[..., :-1] = state.reshape(batch, filters, memory)[..., 1:]
        sums = (x.astype(np.int64) - zero_point) @ features.astype(np.int64).T
        history[..., -1] = np.clip(feature_stage.multiply(sums), INT16_MIN, INT16_MAX)
        weighed = (history.astype(np.int64) * times).sum(axis=2).reshape(batch, -1, operation.rank).sum(axis=2)
        if operation.bias is not None:
            weighed += rest[0].reshape(-1)
        stage.store(wrap_int32(weighed), output)

    return run


def _multipliers(operation: Svdf, tensors: Sequence[Tensor]) -> tuple[np.float64, np.float64]:
    x, features, times, state, y = (
        scale_of(tensors[index])
        for index in (
            operation.input,
            operation.feature_weights,
            operation.time_weights,
            operation.state,
            operation.output,
        )
    )
    # Products and quotients of float32.
    return np.float64(x * features / state), np.float64(state * times / y)


def svdf_int8_refusal(operation: Svdf, tensors: Sequence[Tensor]) -> str:
    """Why an int8 layer is not defined, or ""."""
    for index in (*operation.inputs, operation.output):
        tensor = tensors[index]
        if index != operation.bias and (tensor.affine().is_per_axis or tensor.affine().scale <= 0):
            return f"tensor {index} {tensor.name!r} of an int8 SVDF needs one scale, above 0"
    return multiplier_problem(np.array(_multipliers(operation, tensors)))
