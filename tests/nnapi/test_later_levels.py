"""Operations and forms of feature level 3, which the example cases do not reach, against plain arithmetic."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal_nnapi import Compilation, Execution, Model, NnapiError, OperandCode, OperandType, OperationCode
from npu_hal_nnapi import ResultCode as R

C, OP = OperandCode, OperationCode
FLOAT, INTS = C.TENSOR_FLOAT32, C.TENSOR_INT32
UINT8, INT8, CHANNELS = C.TENSOR_QUANT8_ASYMM, C.TENSOR_QUANT8_ASYMM_SIGNED, C.TENSOR_QUANT8_SYMM_PER_CHANNEL

Array = NDArray[Any]


def floats(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-2, 2, shape).astype(np.float32)


def scalar(value: float | bool) -> Array:
    kind = np.bool_ if isinstance(value, bool) else np.int32 if isinstance(value, int) else np.float32
    return np.array(value, kind)


def integers(*values: int) -> Array:
    return np.array(values, np.int32)


def operand_type(array: Array) -> OperandType:
    codes = {
        "float32": (C.FLOAT32, FLOAT),
        "int32": (C.INT32, INTS),
        "bool": (C.BOOL, C.TENSOR_BOOL8),
    }
    return OperandType(codes[array.dtype.name][array.ndim > 0], array.shape)


def one_operation(kind: OperationCode, arguments: Sequence[Array], results: Sequence[OperandType]) -> Model:
    """A model of one operation: the first argument is the input, the others are constants."""
    model = Model()
    for array in arguments:
        index = model.add_operand(operand_type(array))
        if index:
            model.set_operand_value(index, array)
    outputs = [model.add_operand(result) for result in results]
    model.add_operation(kind, range(len(arguments)), outputs)
    model.identify_inputs_and_outputs([0], outputs)
    model.finish()
    return model


def compute(model: Model, *inputs: Array) -> list[Array]:
    compilation = Compilation(model)
    compilation.finish()
    execution = Execution(compilation)
    for position, array in enumerate(inputs):
        execution.set_input(position, array)
    results = []
    for position, operand in enumerate(model.outputs):
        kind = model.operands[operand].type
        results.append(np.zeros(kind.dimensions, kind.numpy))
        execution.set_output(position, results[-1])
    execution.compute()
    return results


def run(
    kind: OperationCode, *arguments: Array, results: Sequence[tuple[int, ...]], code: OperandCode = FLOAT
) -> list[Array]:
    return compute(one_operation(kind, arguments, [OperandType(code, shape) for shape in results]), arguments[0])


def convolve(x: Array, weights: Array, stride: int = 1, dilation: int = 1) -> Array:
    """Without padding; x is [N, H, W, C], weights [O, KH, KW, C]."""
    outputs, taps_y, taps_x, _ = weights.shape
    height = (x.shape[1] - (taps_y - 1) * dilation - 1) // stride + 1
    width = (x.shape[2] - (taps_x - 1) * dilation - 1) // stride + 1
    y = np.zeros((x.shape[0], height, width, outputs), np.float64)
    for v in range(taps_y):
        for u in range(taps_x):
            rows = slice(v * dilation, v * dilation + (height - 1) * stride + 1, stride)
            columns = slice(u * dilation, u * dilation + (width - 1) * stride + 1, stride)
            y += np.einsum("nhwc,oc->nhwo", x[:, rows, columns].astype(np.float64), weights[:, v, u])
    return y


X = floats(2, 3, 4)
UNARY = [
    (OP.ABS, np.abs(X), X),
    (OP.NEG, -X, X),
    (OP.EXP, np.exp(X), X),
    (OP.LOG, np.log(np.abs(X)), np.abs(X)),
    (OP.SQRT, np.sqrt(np.abs(X)), np.abs(X)),
    (OP.RSQRT, 1 / np.sqrt(np.abs(X)), np.abs(X)),
]


@pytest.mark.parametrize(("kind", "expected", "x"), UNARY, ids=lambda value: getattr(value, "name", ""))
def test_unary(kind: OperationCode, expected: Array, x: Array) -> None:
    (y,) = run(kind, x, results=[x.shape])
    np.testing.assert_allclose(y, expected, rtol=1e-6)


PADDINGS = np.array([[0, 0], [1, 1], [2, 0]], np.int32)
FLOAT_CASES: list[tuple[OperationCode, tuple[Array, ...], Array]] = [
    (OP.MAXIMUM, (floats(1, 4, seed=2),), np.maximum(X, floats(1, 4, seed=2))),
    (OP.MINIMUM, (floats(1, 4, seed=2),), np.minimum(X, floats(1, 4, seed=2))),
    (OP.PRELU, (floats(4, seed=3),), np.where(X >= 0, X, X * floats(4, seed=3))),
    (OP.REDUCE_MAX, (integers(1), scalar(False)), X.max(axis=1)),
    (OP.REDUCE_MIN, (integers(0, -1), scalar(True)), X.min(axis=(0, 2), keepdims=True)),
    (OP.REDUCE_SUM, (integers(-1), scalar(False)), X.sum(axis=-1)),
    (OP.SLICE, (integers(0, 1, 2), integers(2, -1, 1)), X[:, 1:, 2:3]),
    (OP.TILE, (integers(1, 2, 3),), np.tile(X, (1, 2, 3))),
    (OP.GATHER, (scalar(1), integers(2, 0, 2)), X[:, [2, 0, 2]]),
    (OP.EXPAND_DIMS, (scalar(-1),), X[..., None]),
    (OP.PAD_V2, (PADDINGS, scalar(7.0)), np.pad(X, PADDINGS, constant_values=7)),
    (OP.MIRROR_PAD, (PADDINGS, scalar(0)), np.pad(X, PADDINGS, "reflect")),
    (OP.SOFTMAX, (scalar(1.0), scalar(1)), np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)),
    (OP.LOG_SOFTMAX, (scalar(1.0), scalar(-1)), X - np.log(np.exp(X).sum(axis=-1, keepdims=True))),
    (OP.L2_NORMALIZATION, (scalar(1),), X / np.linalg.norm(X, axis=1, keepdims=True)),
    (OP.TRANSPOSE, (integers(2, 0, 1),), X.transpose(2, 0, 1)),
]


@pytest.mark.parametrize(("kind", "arguments", "expected"), FLOAT_CASES, ids=lambda value: getattr(value, "name", ""))
def test_float(kind: OperationCode, arguments: tuple[Array, ...], expected: Array) -> None:
    (y,) = run(kind, X, *arguments, results=[expected.shape])
    np.testing.assert_allclose(y, expected, rtol=2e-6, atol=1e-6)


def test_positions_of_extremes() -> None:
    (largest,) = run(OP.ARGMAX, X, scalar(1), results=[(2, 4)], code=INTS)
    (smallest,) = run(OP.ARGMIN, X, scalar(-1), results=[(2, 3)], code=INTS)
    np.testing.assert_array_equal(largest, X.argmax(axis=1))
    np.testing.assert_array_equal(smallest, X.argmin(axis=-1))


def test_split_gives_several_outputs() -> None:
    parts = run(OP.SPLIT, X, scalar(-1), scalar(2), results=[(2, 3, 2), (2, 3, 2)])
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), X)


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("dilation", [1, 2])
def test_convolution_of_layouts_and_dilations(channels_first: bool, dilation: int) -> None:
    x, weights, bias = floats(1, 9, 8, 3, seed=4), floats(5, 3, 2, 3, seed=5), floats(5, seed=6)
    expected = convolve(x, weights, stride=2, dilation=dilation) + bias
    given = x
    if channels_first:
        given, expected = x.transpose(0, 3, 1, 2).copy(), expected.transpose(0, 3, 1, 2)
    window = (scalar(2), scalar(2), scalar(2), scalar(0))
    arguments = (weights, bias, *window, scalar(channels_first), scalar(dilation), scalar(dilation))
    (y,) = run(OP.CONV_2D, given, *arguments, results=[expected.shape])
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_grouped_convolution() -> None:
    x, weights, bias = floats(1, 6, 6, 4, seed=4), floats(6, 3, 3, 2, seed=5), floats(6, seed=6)
    halves = [convolve(x[..., 2 * group : 2 * group + 2], weights[3 * group : 3 * group + 3]) for group in range(2)]
    expected = np.concatenate(halves, axis=-1) + bias
    arguments = (weights, bias, scalar(2), scalar(1), scalar(1), scalar(2), scalar(0), scalar(False))
    (y,) = run(OP.GROUPED_CONV_2D, x, *arguments, results=[expected.shape])
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_transposed_convolution() -> None:
    x, weights, bias = floats(1, 3, 4, 2, seed=4), floats(3, 3, 3, 2, seed=5), floats(3, seed=6)
    whole = np.zeros((1, 7, 9, 3))
    for row in range(3):
        for column in range(4):
            patch = np.einsum("c,ohwc->hwo", x[0, row, column], weights)
            whole[0, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += patch
    # Padding of (left 1, right 0, top 0, bottom 1) cuts what it names.
    expected = whole[:, :6, 1:] + bias
    pads = (scalar(1), scalar(0), scalar(0), scalar(1))
    arguments = (weights, bias, *pads, scalar(2), scalar(2), scalar(0), scalar(False))
    (y,) = run(OP.TRANSPOSE_CONV, x, *arguments, results=[expected.shape])
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_resizing_by_factors() -> None:
    x = floats(1, 2, 3, 2)
    (y,) = run(OP.RESIZE_NEAREST_NEIGHBOR, x, scalar(2.0), scalar(3.0), scalar(False), results=[(1, 6, 6, 2)])
    np.testing.assert_array_equal(y, x.repeat(3, axis=1).repeat(2, axis=2))


@pytest.mark.parametrize(("code", "zero_point"), [(UINT8, 100), (INT8, -28)])
def test_convolution_with_scales_per_channel(code: OperandCode, zero_point: int) -> None:
    generator = np.random.default_rng(7)
    low, high = (0, 256) if code is UINT8 else (-128, 128)
    kind = OperandType(code, (1, 6, 6, 3), 0.05, zero_point)
    x = generator.integers(low, high, kind.dimensions).astype(kind.numpy)
    weights = generator.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    scales = np.array([0.01, 0.02, 0.005, 0.03], np.float32)
    bias = generator.integers(-1000, 1000, 4).astype(np.int32)
    sums = convolve(x.astype(np.int64) - zero_point, weights.astype(np.int64)) + bias
    expected = np.clip(np.round(sums * 0.05 * scales / 0.2) + zero_point, low, high - 1)

    model = Model()
    model.add_operand(kind)
    model.add_operand(OperandType(CHANNELS, weights.shape))
    model.set_channel_quantization(1, 0, scales.tolist())
    model.set_operand_value(1, weights)
    model.add_operand(OperandType(INTS, (4,)))
    model.set_operand_value(2, bias)
    for index, value in enumerate((2, 1, 1, 0), start=3):
        model.add_operand(OperandType(C.INT32))
        model.set_operand_value(index, scalar(value))
    model.add_operand(OperandType(code, (1, 4, 4, 4), 0.2, zero_point))
    model.add_operation(OP.CONV_2D, range(7), [7])
    model.identify_inputs_and_outputs([0], [7])
    model.finish()
    (y,) = compute(model, x)
    assert np.abs(y.astype(np.int64) - expected).max() <= 1
    assert len(np.unique(y)) > 20


def test_what_no_driver_runs_is_refused_at_compilation() -> None:
    with pytest.raises(NnapiError, match="operations of kind SIN are not supported") as error:
        run(OP.SIN, X, results=[X.shape])
    assert error.value.code is R.BAD_DATA
