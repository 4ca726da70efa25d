"""Operators that slice, stack and look up: their attributes become the operations' plain ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tflite import BuiltinOperator as Code

from npu_hal.api import (
    DType,
    ExpandDims,
    Gather,
    HashtableLookup,
    InvalidGraph,
    LshProjection,
    MirrorPad,
    Pack,
    Slice,
    SplitV,
    Squeeze,
    StridedSlice,
    Tensor,
    TransposeConv,
    UnsupportedOperation,
)
from npu_hal.tflite.operator_view import OptionValue

from .test_operators import WINDOW, activation, constant, convert

X = activation((4, 6, 5))


def strided_slice(bounds: tuple[list[int], ...], masks: Mapping[str, OptionValue]) -> StridedSlice:
    """The operation for begin, end and perhaps strides."""
    begin, end, strides = (*bounds, [1] * len(bounds[0]))[:3]
    inputs: list[Tensor | None] = [X, constant(begin), constant(end), constant(strides)]
    operation = convert(Code.STRIDED_SLICE, inputs, [(1,)], masks)
    assert isinstance(operation, StridedSlice)
    return operation


def sliced(operation: StridedSlice, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the operation's attributes say of `array`."""
    indices = [
        begin + stride * np.arange(size)
        for begin, stride, size in zip(operation.begin, operation.strides, operation.sizes, strict=True)
    ]
    return array[np.ix_(*indices)].reshape(operation.shape)


ARRAY = np.arange(120).reshape(4, 6, 5)


@pytest.mark.parametrize(
    ("bounds", "masks", "expected"),
    [
        (([1, 0, 2], [3, 6, 5]), {}, ARRAY[1:3, 0:6, 2:5]),
        (([1], [-1]), {}, ARRAY[1:-1]),
        (([9, -100], [0, 100], [-1, 2]), {}, ARRAY[9:0:-1, -100:100:2]),
        (([0, 0, 0], [2, 2, 2]), {"begin_mask": 1, "end_mask": 6}, ARRAY[:2, 0:, 0:]),
        (([3, 5], [0, 0], [-1, -2]), {"begin_mask": 3, "end_mask": 3}, ARRAY[::-1, ::-2]),
        (([2, 1], [3, 4]), {"shrink_axis_mask": 1}, ARRAY[2, 1:4]),
        (([-1, 1, -2], [0, 4, -1]), {"shrink_axis_mask": 5}, ARRAY[-1, 1:4, -2]),
        (([0, 1], [0, 3]), {"ellipsis_mask": 1}, ARRAY[..., 1:3]),
        (([1, 0, 2], [2, 0, 3]), {"ellipsis_mask": 2, "shrink_axis_mask": 1}, ARRAY[1, ..., 2:3]),
        (([0, 1, 0], [0, 3, 0]), {"new_axis_mask": 5}, ARRAY[np.newaxis, 1:3, np.newaxis]),
        (([0, 0, 1], [0, 0, 4]), {"ellipsis_mask": 1, "new_axis_mask": 2}, ARRAY[..., np.newaxis, 1:4]),
        (([1, 2], [2, 3]), {"offset": True}, ARRAY[1:3, 2:5]),
        # These three are what TensorFlow Lite's reference kernel makes of them.
        (([-2, 2], [2, 3]), {"offset": True}, ARRAY[2:4, 2:5]),
        (([1, 2], [2, 3]), {"offset": True, "begin_mask": 1}, ARRAY[0:2, 2:5]),
        (([2, 1], [3, 4]), {"shrink_axis_mask": 1, "begin_mask": 1}, ARRAY[0, 1:4]),
        (([3], [1]), {}, ARRAY[3:1]),
    ],
)
def test_strided_slices_are_those_of_python(
    bounds: tuple[list[int], ...], masks: Mapping[str, OptionValue], expected: np.ndarray[Any, Any]
) -> None:
    np.testing.assert_array_equal(sliced(strided_slice(bounds, masks), ARRAY), expected)


def test_slices_may_take_what_is_left() -> None:
    inputs: list[Tensor | None] = [X, constant([1, 2, 0]), constant([-1, 3, -1])]
    assert convert(Code.SLICE, inputs, [(1,)]) == Slice(input=0, output=3, begin=(1, 2, 0), sizes=(3, 3, 5))


def test_parts_may_take_what_is_left() -> None:
    operation = convert(Code.SPLIT_V, [X, constant([1, -1, 2]), constant(-2)], [(1,)] * 3, {"num_splits": 3})
    assert operation == SplitV(input=0, parts=(3, 4, 5), sizes=(1, 3, 2), axis=1)


def test_axes_count_from_the_end() -> None:
    indices = activation((4, 2), DType.INT32)
    assert convert(Code.GATHER, [X, indices], [(1,)], {"axis": -2, "batch_dims": -1}) == Gather(
        input=0, indices=1, output=2, axis=1, batch_dims=1
    )
    assert convert(Code.PACK, [X, X], [(1,)], {"axis": -1}) == Pack(packed=(0, 1), output=2, axis=3)
    assert convert(Code.EXPAND_DIMS, [X, constant(-1)], [(1,)]) == ExpandDims(input=0, output=2, axis=3)
    column = activation((1, 6, 1))
    assert convert(Code.SQUEEZE, [column], [(1,)], {"squeeze_dims": (-1,)}) == Squeeze(input=0, output=1, axes=(2,))


def test_a_squeeze_without_axes_takes_all_of_size_1() -> None:
    assert convert(Code.SQUEEZE, [activation((1, 6, 1))], [(1,)]) == Squeeze(input=0, output=1, axes=(0, 2))


@pytest.mark.parametrize(("mode", "symmetric"), [(0, False), (1, True)])
def test_modes_of_mirror_pad(mode: int, symmetric: bool) -> None:
    paddings = constant([[1, 1], [0, 0], [2, 0]])
    operation = convert(Code.MIRROR_PAD, [X, paddings], [(1,)], {"mode": mode})
    assert operation == MirrorPad(input=0, output=2, paddings=((1, 1), (0, 0), (2, 0)), symmetric=symmetric)


def test_lookups() -> None:
    lookups, keys = activation((3,), DType.INT32), activation((4,), DType.INT32)
    inputs: list[Tensor | None] = [lookups, keys, activation((4, 2))]
    assert convert(Code.HASHTABLE_LOOKUP, inputs, [(1,), (3,)]) == HashtableLookup(
        lookups=0, keys=1, values=2, output=3, hits=4
    )
    hashes = activation((2, 8), DType.FLOAT32)
    projected = convert(Code.LSH_PROJECTION, [hashes, X, None], [(2,)], {"type": 1}, DType.INT32)
    assert projected == LshProjection(hash=0, input=1, output=3, mode="SPARSE")


def test_transpose_conv_takes_its_size_from_the_first_tensor() -> None:
    inputs: list[Tensor | None] = [constant([1, 8, 16, 4]), activation((4, 3, 3, 2)), activation((1, 8, 8, 2))]
    operation = convert(Code.TRANSPOSE_CONV, inputs, [(1, 8, 16, 4)], WINDOW)
    assert isinstance(operation, TransposeConv)
    assert (operation.input, operation.filter, operation.height, operation.width) == (2, 1, 8, 16)
    assert (operation.stride_height, operation.stride_width) == (1, 2)


@pytest.mark.parametrize(
    ("code", "inputs", "options", "reason"),
    [
        (Code.SLICE, [X, constant([0]), constant([1])], {}, "1 begins and 1 sizes for 3 axes"),
        (Code.SLICE, [X, constant([0, 0, -1]), constant([1, 1, 1])], {}, "begin"),
        (Code.STRIDED_SLICE, [X, constant([0]), constant([1]), constant([0])], {}, "stride of 0"),
        (Code.STRIDED_SLICE, [X, constant([0, 0]), constant([1]), constant([1])], {}, "2 begins, 1 ends"),
        (Code.STRIDED_SLICE, [X, *[constant([1] * 4)] * 3], {}, "more indices than its input"),
        (Code.STRIDED_SLICE, [X, *[constant([1] * 2)] * 3], {"ellipsis_mask": 3}, "more indices than its input"),
        (Code.STRIDED_SLICE, [X, *[constant([4])] * 3], {"shrink_axis_mask": 1}, "element 4 of an axis of 4"),
        (Code.SPLIT_V, [X, constant([-1, -1]), constant(0)], {"num_splits": 2}, "one -1 at most"),
        (Code.PACK, [X], {"axis": 4}, "axis 4 of PACK is outside"),
        (Code.SQUEEZE, [X], {"squeeze_dims": 1}, "not a vector of integers"),
        (Code.EXPAND_DIMS, [X, constant([0, 1])], {}, "axis of EXPAND_DIMS has 2 elements, not one"),
        (Code.MIRROR_PAD, [X, constant([[0, 0]] * 3)], {"mode": 2}, "unknown mode 2"),
        (Code.LSH_PROJECTION, [X, X], {"type": 7}, "unknown type 7"),
        (Code.RFFT2D, [X, constant([4])], {}, "1 elements, not height and width"),
        (Code.TRANSPOSE_CONV, [constant([8, 8]), X, X], WINDOW, r"is \[8, 8\], not one of 4 dimensions"),
        (Code.SPACE_TO_BATCH_ND, [X, constant([2]), constant([0, 0])], {}, r"have shape \[2\], not \[1, 2\]"),
        (Code.SPACE_TO_DEPTH, [X], {}, "block_size"),
    ],
)
def test_what_no_valid_model_has(
    code: int, inputs: list[Tensor | None], options: Mapping[str, OptionValue], reason: str
) -> None:
    with pytest.raises(InvalidGraph, match=reason):
        convert(code, inputs, [(1,), (1,)] if code == Code.SPLIT_V else [(1,)], options)


@pytest.mark.parametrize(
    ("code", "inputs"),
    [
        (Code.SLICE, [X, activation((3,), DType.INT32), constant([1, 1, 1])]),
        (Code.STRIDED_SLICE, [X, *[activation((3,), DType.INT32)] * 3]),
        (Code.TILE, [X, activation((3,), DType.INT32)]),
        (Code.EXPAND_DIMS, [X, activation((), DType.INT32)]),
        (Code.ARG_MAX, [X, activation((), DType.INT32)]),
        (Code.PADV2, [X, activation((3, 2), DType.INT32), X]),
    ],
)
def test_computed_attributes_are_refused(code: int, inputs: list[Tensor | None]) -> None:
    with pytest.raises(UnsupportedOperation, match="must be a constant, but is computed"):
        convert(code, inputs, [(1,)])
