"""Fourier transforms against TensorFlow Lite's reference kernel."""

import numpy as np
import pytest

from npu_hal.api import DType, GraphBuilder, Rfft2D
from tests.litert import run_file
from tests.software.checks import run_reference
from tests.tflite_layers import write_layer


@pytest.mark.parametrize(
    ("shape", "size"),
    [((3, 8, 16), (8, 16)), ((5, 9), (4, 8)), ((2, 3, 6, 5), (8, 8)), ((7, 1, 512), (1, 512)), ((4, 4), (4, 2))],
)
def test_rfft2d_crops_and_pads(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    builder = GraphBuilder("rfft")
    x, y = builder.input("x", shape, DType.FLOAT32), builder.tensor("y", DType.COMPLEX64)
    builder.append(Rfft2D(input=x, output=y, fft_height=size[0], fft_width=size[1]))
    graph = builder.build([y])
    inputs = [np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)]
    (expected,) = run_file(write_layer(graph), inputs)
    (result,) = run_reference(graph, inputs)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)
