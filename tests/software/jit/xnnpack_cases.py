"""What tests of rounding=xnnpack share; XNNPACK is the judge."""

import numpy as np

from npu_hal.api import DType, Quantization
from tests.software.jit.drawing import Case, Drawing
from tests.software.jit.running import run_jit, run_xnnpack

BYTES = (DType.INT8, DType.UINT8)


def assert_as_xnnpack(case: Case, **options: str) -> None:
    for result, expected in zip(
        run_jit(case.graph, case.inputs, rounding="xnnpack", **options),
        run_xnnpack(case.graph, case.inputs),
        strict=True,
    ):
        np.testing.assert_array_equal(result, expected, err_msg=case.description)


def drawing(dtype: DType, *seed: int) -> Drawing:
    draw = Drawing(np.random.default_rng(seed))
    draw.dtype = dtype
    return draw


def scaled(scale: float, zero_point: int) -> Quantization:
    return Quantization.per_tensor(float(np.float32(scale)), zero_point)
