"""Output shapes of the cases that real models seldom have, worked out by hand from TensorFlow's definitions.

The shapes of real models are compared with TensorFlow Lite's own in the tests of the reader.
"""

from collections.abc import Sequence

import pytest

from npu_hal.api import (
    AnyOperation,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    DType,
    ExplicitPadding,
    FullyConnected,
    InvalidGraph,
    Mean,
    Mul,
    Pad,
    Padding,
    Reshape,
    ResizeBilinear,
    Softmax,
    Split,
    Tensor,
    Transpose,
    resolve_padding,
)


def tensors(*shapes: tuple[int, ...]) -> Sequence[Tensor]:
    return [Tensor(name=f"t{index}", shape=shape, dtype=DType.FLOAT32) for index, shape in enumerate(shapes)]


@pytest.mark.parametrize(
    ("operation", "shapes", "expected"),
    [
        (Conv2D(input=0, filter=1, output=2, padding="SAME"), [(1, 5, 6, 4), (8, 3, 3, 4)], (1, 5, 6, 8)),
        (Conv2D(input=0, filter=1, output=2, padding="VALID"), [(2, 5, 6, 4), (8, 3, 2, 4)], (2, 3, 5, 8)),
        (
            Conv2D(input=0, filter=1, output=2, padding="VALID", dilation_height=2, dilation_width=3),
            [(1, 9, 9, 1), (1, 3, 3, 1)],
            (1, 5, 3, 1),
        ),
        (
            Conv2D(input=0, filter=1, output=2, padding=ExplicitPadding(top=1, right=2), stride_width=2),
            [(1, 4, 4, 1), (1, 2, 2, 1)],
            (1, 4, 3, 1),
        ),
        (Conv2D(input=0, filter=1, output=2, padding="SAME"), [(1, 4, 4, 6), (4, 1, 1, 3)], (1, 4, 4, 4)),
        (
            DepthwiseConv2D(input=0, filter=1, output=2, padding="SAME", depth_multiplier=3, stride_height=2),
            [(1, 7, 7, 2), (1, 3, 3, 6)],
            (1, 4, 7, 6),
        ),
        (FullyConnected(input=0, weights=1, output=2), [(2, 3, 4), (5, 12)], (2, 5)),
        (FullyConnected(input=0, weights=1, output=2, keep_num_dims=True), [(2, 3, 4), (5, 4)], (2, 3, 5)),
        (
            AveragePool2D(input=0, output=1, filter_height=3, filter_width=3, stride_height=2, padding="SAME"),
            [(1, 5, 5, 2)],
            (1, 3, 5, 2),
        ),
        (Mul(lhs=0, rhs=1, output=2), [(3, 1, 4), (2, 1)], (3, 2, 4)),
        (Mean(input=0, output=1, axes=(1, 2)), [(1, 7, 7, 9)], (1, 9)),
        (Mean(input=0, output=1, axes=(1, 2), keep_dims=True), [(1, 7, 7, 9)], (1, 1, 1, 9)),
        (Concatenation(concatenated=(0, 1), output=2, axis=1), [(2, 3), (2, 4)], (2, 7)),
        (Pad(input=0, output=1, paddings=((0, 1), (2, 0))), [(2, 3)], (3, 5)),
        (Reshape(input=0, output=1, shape=()), [(1, 1)], ()),
        (Transpose(input=0, output=1, permutation=(2, 0, 1)), [(2, 3, 4)], (4, 2, 3)),
        (ResizeBilinear(input=0, output=1, height=9, width=5), [(2, 3, 4, 6)], (2, 9, 5, 6)),
    ],
)
def test_shapes(operation: AnyOperation, shapes: list[tuple[int, ...]], expected: tuple[int, ...]) -> None:
    assert operation.infer_shapes(tensors(*shapes)) == (expected,)


def test_split_gives_equal_parts() -> None:
    assert Split(input=0, parts=(1, 2, 3), axis=1).infer_shapes(tensors((2, 6))) == ((2, 2),) * 3


@pytest.mark.parametrize(
    ("operation", "shapes", "words"),
    [
        (Conv2D(input=0, filter=1, output=2, padding="VALID"), [(1, 2, 2, 1), (1, 3, 3, 1)], "does not fit an input"),
        (Conv2D(input=0, filter=1, output=2, padding="SAME"), [(1, 2, 2, 5), (1, 1, 1, 3)], "5 channels"),
        (Conv2D(input=0, filter=1, output=2, padding="SAME"), [(2, 2, 5), (1, 1, 1, 3)], "not 4 dimensions"),
        (
            Conv2D(input=0, filter=1, bias=2, output=3, padding="SAME"),
            [(1, 2, 2, 3), (4, 1, 1, 3), (3,)],
            "bias tensor 2 't2' has 3 elements",
        ),
        (DepthwiseConv2D(input=0, filter=1, output=2, padding="SAME"), [(1, 2, 2, 3), (1, 1, 1, 4)], "[1, KH, KW, 3]"),
        (FullyConnected(input=0, weights=1, output=2), [(5,), (2, 3)], "do not fit an input"),
        (Mul(lhs=0, rhs=1, output=2), [(3,), (2,)], "do not broadcast"),
        (Mean(input=0, output=1, axes=(2, 1)), [(1, 2, 3)], "not sorted"),
        (Mean(input=0, output=1, axes=(3,)), [(1, 2, 3)], "axis 3"),
        (Concatenation(concatenated=(0, 1), output=2, axis=0), [(2, 3), (2, 4)], "elsewhere than along axis 0"),
        (Split(input=0, parts=(1, 2), axis=0), [(3,)], "do not split in 2 parts"),
        (Pad(input=0, output=1, paddings=((0, 0),)), [(2, 3)], "1 pairs"),
        (Reshape(input=0, output=1, shape=(7,)), [(2, 3)], "not as many elements"),
        (Transpose(input=0, output=1, permutation=(0, 0)), [(2, 3)], "no permutation"),
        (Softmax(input=0, output=1), [()], "scalar"),
        (ResizeBilinear(input=0, output=1, height=1, width=1), [(2, 3)], "4 dimensions"),
    ],
)
def test_misfits_are_refused(operation: AnyOperation, shapes: list[tuple[int, ...]], words: str) -> None:
    with pytest.raises(InvalidGraph) as refusal:
        operation.infer_shapes(tensors(*shapes))
    assert words in str(refusal.value)


def test_same_padding_puts_the_smaller_half_first() -> None:
    padding = resolve_padding(Padding.SAME, (224, 7), (3, 4), (2, 1))
    assert padding == ExplicitPadding(top=0, bottom=1, left=1, right=2)
