"""Operators of the schema become operations, or are refused with a reason that says what to do."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import tflite
from tflite import BuiltinOperator as Code

from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    InvalidGraph,
    Logistic,
    Mean,
    Pad,
    Padding,
    Quantization,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Shape,
    Softmax,
    Split,
    Tensor,
    Transpose,
    UnsupportedOperation,
)
from npu_hal.tflite.converters import CONVERTERS, find_converter
from npu_hal.tflite.operator_view import OptionValue
from npu_hal.tflite.operators import OperatorView, code_name, convert_operator, operator_name

QUANTIZATION = Quantization.per_tensor(0.5, 128)
WINDOW: Mapping[str, OptionValue] = {"padding": 0, "stride_w": 2, "stride_h": 1}


def activation(shape: Shape, dtype: DType = DType.UINT8) -> Tensor:
    return Tensor(name="t", shape=shape, dtype=dtype, quantization=QUANTIZATION if dtype is DType.UINT8 else None)


def constant(values: Any, dtype: Any = np.int32) -> Tensor:
    data = np.array(values, dtype)
    return Tensor(name="c", shape=data.shape, dtype=DType(data.dtype.name), data=data)


def convert(
    code: int,
    inputs: list[Tensor | None],
    outputs: list[Shape],
    options: Mapping[str, OptionValue] | None = None,
    dtype: DType = DType.UINT8,
) -> AnyOperation:
    """The operation for an operator whose inputs are tensors 0, 1, ... and whose outputs follow."""
    filler = activation((1,))
    tensors = [filler if tensor is None else tensor for tensor in inputs]
    tensors += [activation(shape, dtype) for shape in outputs]
    return convert_operator(
        OperatorView(
            code=code,
            inputs=tuple(-1 if tensor is None else index for index, tensor in enumerate(inputs)),
            outputs=tuple(range(len(inputs), len(tensors))),
            options=options or {},
        ),
        tensors,
    )


def test_conv_2d_takes_its_window_and_dilation_from_the_options() -> None:
    options = {**WINDOW, "fused_activation_function": 3, "dilation_w_factor": 3, "dilation_h_factor": 2}
    inputs = [activation((1, 16, 16, 3)), activation((4, 3, 3, 3)), activation((4,), DType.INT32)]
    operation = convert(Code.CONV_2D, [*inputs], [(1, 16, 8, 4)], options)
    assert operation == Conv2D(
        input=0,
        filter=1,
        bias=2,
        output=3,
        stride_height=1,
        stride_width=2,
        dilation_height=2,
        dilation_width=3,
        padding=Padding.SAME,
        activation=Activation.RELU6,
    )


@pytest.mark.parametrize("inputs", [[activation((4, 3, 3, 3))], [activation((4, 3, 3, 3)), None]])
def test_a_bias_may_be_left_out(inputs: list[Tensor | None]) -> None:
    operation = convert(Code.CONV_2D, [activation((1, 8, 8, 3)), *inputs], [(1, 8, 4, 4)], WINDOW)
    assert isinstance(operation, Conv2D)
    assert operation.bias is None


def test_depthwise_conv_2d_keeps_the_multiplier() -> None:
    inputs: list[Tensor | None] = [activation((1, 8, 8, 3)), activation((1, 3, 3, 6))]
    operation = convert(Code.DEPTHWISE_CONV_2D, inputs, [(1, 6, 3, 6)], {**WINDOW, "padding": 1, "depth_multiplier": 2})
    assert operation == DepthwiseConv2D(
        input=0, filter=1, output=2, stride_height=1, stride_width=2, depth_multiplier=2, padding=Padding.VALID
    )


def test_fully_connected() -> None:
    inputs: list[Tensor | None] = [activation((2, 3, 8)), activation((4, 8)), None]
    options = {"keep_num_dims": True, "fused_activation_function": 2}
    assert convert(Code.FULLY_CONNECTED, inputs, [(2, 3, 4)], options) == FullyConnected(
        input=0, weights=1, output=3, keep_num_dims=True, activation=Activation.RELU_N1_TO_1
    )


def test_operators_without_options_have_the_defaults_of_the_schema() -> None:
    pair: list[Tensor | None] = [activation((2, 2)), activation((2,))]
    assert convert(Code.ADD, pair, [(2, 2)]) == Add(lhs=0, rhs=1, output=2)
    assert convert(Code.LOGISTIC, pair[:1], [(2, 2)]) == Logistic(input=0, output=1)
    assert convert(Code.SOFTMAX, pair[:1], [(2, 2)], {"beta": 0.5}) == Softmax(input=0, output=1, beta=0.5)


def test_pooling() -> None:
    options = {**WINDOW, "filter_width": 3, "filter_height": 2, "fused_activation_function": 1}
    operation = convert(Code.AVERAGE_POOL_2D, [activation((1, 8, 8, 3))], [(1, 8, 4, 3)], options)
    assert operation == AveragePool2D(
        input=0,
        output=1,
        filter_height=2,
        filter_width=3,
        stride_width=2,
        padding=Padding.SAME,
        activation=Activation.RELU,
    )


@pytest.mark.parametrize(("axis", "expected"), [(-1, 3), (-4, 0), (2, 2)])
def test_concatenation_counts_its_axis_from_zero(axis: int, expected: int) -> None:
    tensor = activation((1, 2, 3, 4))
    operation = convert(Code.CONCATENATION, [tensor, tensor], [(1,)], {"axis": axis})
    assert operation == Concatenation(concatenated=(0, 1), output=2, axis=expected)


@pytest.mark.parametrize("axis", [constant(-1), constant([-1]), constant(1, np.int64)])
def test_split_takes_its_axis_from_the_first_tensor(axis: Tensor) -> None:
    operation = convert(Code.SPLIT, [axis, activation((2, 6))], [(2, 3), (2, 3)], {"num_splits": 2})
    assert operation == Split(input=1, parts=(2, 3), axis=1)


def test_pad_takes_its_paddings_from_a_tensor() -> None:
    operation = convert(Code.PAD, [activation((2, 3)), constant([[0, 1], [2, 3]])], [(3, 8)])
    assert operation == Pad(input=0, output=2, paddings=((0, 1), (2, 3)))


def test_transpose_counts_axes_from_zero() -> None:
    operation = convert(Code.TRANSPOSE, [activation((2, 3, 4)), constant([-1, 0, 1])], [(4, 2, 3)])
    assert operation == Transpose(input=0, output=2, permutation=(2, 0, 1))


@pytest.mark.parametrize(
    ("axes", "expected"),
    [(constant([2, 1]), (1, 2)), (constant([-2, 1, -3]), (0, 1)), (constant([1, 2], np.int64), (1, 2))],
)
def test_mean_sorts_its_axes_and_drops_repetitions(axes: Tensor, expected: tuple[int, ...]) -> None:
    operation = convert(Code.MEAN, [activation((1, 5, 5)), axes], [(1, 1, 1)], {"keep_dims": True})
    assert operation == Mean(input=0, output=2, axes=expected, keep_dims=True)


def test_mean_along_one_axis_given_as_a_scalar() -> None:
    operation = convert(Code.MEAN, [activation((4, 5)), constant(-1)], [(4,)])
    assert operation == Mean(input=0, output=2, axes=(1,))


class TestReshape:
    def test_the_tensor_tells_the_shape(self) -> None:
        options = {"new_shape": (9, 9)}
        operation = convert(Code.RESHAPE, [activation((2, 6)), constant([3, -1])], [(1,)], options)
        assert operation == Reshape(input=0, output=2, shape=(3, 4))

    def test_without_a_tensor_the_option_does(self) -> None:
        operation = convert(Code.RESHAPE, [activation((2, 6))], [(1,)], {"new_shape": (-1,)})
        assert operation == Reshape(input=0, output=1, shape=(12,))

    def test_the_option_of_old_scalars(self) -> None:
        operation = convert(Code.RESHAPE, [activation((1, 1))], [()], {"new_shape": (0,)})
        assert operation == Reshape(input=0, output=1, shape=())

    def test_without_either_the_output_does(self) -> None:
        operation = convert(Code.RESHAPE, [activation((2, 6))], [(4, 3)])
        assert operation == Reshape(input=0, output=1, shape=(4, 3))

    @pytest.mark.parametrize("shape", [[5, -1], [-1, -1], [-2, 6], [0, -1]])
    def test_impossible_shapes(self, shape: list[int]) -> None:
        with pytest.raises(InvalidGraph, match="shape"):
            convert(Code.RESHAPE, [activation((2, 6)), constant(shape)], [(12,)])


@pytest.mark.parametrize(
    ("code", "kind"),
    [(Code.RESIZE_BILINEAR, ResizeBilinear), (Code.RESIZE_NEAREST_NEIGHBOR, ResizeNearestNeighbor)],
)
def test_resize_takes_height_and_width_from_a_tensor(
    code: int, kind: type[ResizeBilinear] | type[ResizeNearestNeighbor]
) -> None:
    options = {"align_corners": False, "half_pixel_centers": True}
    operation = convert(code, [activation((1, 4, 4, 3)), constant([8, 6])], [(1, 8, 6, 3)], options)
    assert operation == kind(input=0, output=2, height=8, width=6, half_pixel_centers=True)


X = activation((1, 4, 4, 3))


@pytest.mark.parametrize(
    ("code", "inputs"),
    [
        (Code.PAD, [X, activation((4, 2), DType.INT32)]),
        (Code.TRANSPOSE, [X, activation((4,), DType.INT32)]),
        (Code.MEAN, [X, activation((2,), DType.INT32)]),
        (Code.RESHAPE, [X, activation((2,), DType.INT32)]),
        (Code.RESIZE_BILINEAR, [X, activation((2,), DType.INT32)]),
        (Code.SPLIT, [activation((), DType.INT32), X]),
    ],
)
def test_computed_attributes_are_refused(code: int, inputs: list[Tensor | None]) -> None:
    with pytest.raises(UnsupportedOperation, match="must be a constant, but is computed"):
        convert(code, inputs, [(1,)])


@pytest.mark.parametrize(("number", "name"), [(4, "TANH"), (5, "SIGN_BIT")])
def test_activations_that_cannot_be_fused_are_refused(number: int, name: str) -> None:
    with pytest.raises(UnsupportedOperation, match=f"fused {name}"):
        convert(Code.ADD, [X, X], [X.shape], {"fused_activation_function": number})


def test_dynamic_range_quantisation_is_refused() -> None:
    inputs: list[Tensor | None] = [activation((1, 8), DType.FLOAT32), activation((4, 8))]
    with pytest.raises(UnsupportedOperation, match="dynamic-range quantisation"):
        convert(Code.FULLY_CONNECTED, inputs, [(1, 4)], dtype=DType.FLOAT32)


def test_shuffled_weights_are_refused() -> None:
    with pytest.raises(UnsupportedOperation, match="shuffled"):
        convert(Code.FULLY_CONNECTED, [activation((1, 8)), activation((4, 8))], [(1, 4)], {"weights_format": 1})


def test_16_bit_activations_are_refused() -> None:
    tensor = Tensor(name="t", shape=(2,), dtype=DType.INT16, quantization=Quantization.per_tensor(1.0))
    with pytest.raises(UnsupportedOperation, match="is int16"):
        convert(Code.ADD, [tensor, tensor], [(2,)], dtype=DType.INT16)


def test_kinds_that_the_interface_has_not_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedOperation, match="no operation for WHILE"):
        convert(Code.WHILE, [X], [(1,)])
    with pytest.raises(UnsupportedOperation, match="no operation for CUSTOM:Decode"):
        convert_operator(OperatorView(Code.CUSTOM, "Decode"), [])


@pytest.mark.parametrize(
    ("code", "inputs", "options", "reason"),
    [
        (Code.ADD, [X], {}, "1 inputs, it takes 2"),
        (Code.ADD, [X, None], {}, "input 1 of ADD is absent"),
        (Code.CONV_2D, [X], WINDOW, "1 inputs, it takes 2 to 3"),
        (Code.CONV_2D, [X, X], {"padding": 7}, "unknown padding 7"),
        (Code.CONV_2D, [X, X], {}, "stride_height"),
        (Code.ADD, [X, X], {"fused_activation_function": 6}, "unknown fused activation 6"),
        (Code.ADD, [X, X], {"fused_activation_function": 0.5}, "not an integer"),
        (Code.SOFTMAX, [X], {"beta": (1,)}, "not a number"),
        (Code.CONCATENATION, [], {}, "0 inputs, it takes 1"),
        (Code.CONCATENATION, [X], {"axis": 4}, "axis 4 of CONCATENATION is outside"),
        (Code.CONCATENATION, [X], {"axis": -5}, "axis -5 of CONCATENATION is outside"),
        (Code.SPLIT, [constant([0, 1]), X], {"num_splits": 1}, "axis of SPLIT has 2 elements, not one"),
        (Code.SPLIT, [constant(0), X], {"num_splits": 3}, "it gives 3"),
        (Code.PAD, [X, constant([0, 1])], {}, r"have shape \[2\], not \[4, 2\]"),
        (Code.PAD, [X, constant([[0, -1]] * 4)], {}, "paddings"),
        (Code.TRANSPOSE, [X, constant([0.5], np.float32)], {}, "elements of float32, not int32 or int64"),
        (Code.MEAN, [X, constant([4])], {}, "axis 4 of MEAN is outside"),
        (Code.MEAN, [X, constant([0] * 33)], {}, "33 elements, more than 32"),
        (Code.RESIZE_BILINEAR, [X, constant([1, 2, 3])], {}, "3 elements, not height and width"),
        (Code.RESIZE_BILINEAR, [X, constant([-1, 2])], {}, "height"),
    ],
)
def test_what_no_valid_model_has(
    code: int, inputs: list[Tensor | None], options: Mapping[str, OptionValue], reason: str
) -> None:
    with pytest.raises(InvalidGraph, match=reason):
        convert(code, inputs, [(1,)], options)


def test_names_are_those_of_the_schema() -> None:
    assert code_name(Code.DEPTHWISE_CONV_2D) == "DEPTHWISE_CONV_2D"
    assert code_name(9999) == "BUILTIN_9999"
    assert operator_name(OperatorView(Code.CUSTOM, "Decode")) == "CUSTOM:Decode"


def test_every_converter_is_for_a_kind_that_the_schema_has() -> None:
    builtin = [name for name in CONVERTERS if not name.startswith("CUSTOM:")]
    assert [name for name in builtin if not hasattr(tflite.BuiltinOperator, name)] == []


@pytest.mark.parametrize("name", CONVERTERS)
def test_every_converter_is_where_the_table_says(name: str) -> None:
    assert callable(find_converter(name))
