"""Quantisation parameters of a model file."""

from npu_hal.api import DType, InvalidModel, Quantization, Shape, UnsupportedOperation
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.schema import INT32, UINT8, QuantizationSlot


def read_quantization(table: Table | None, shape: Shape, dtype: DType, label: str) -> Quantization | None:
    """The affine quantisation of a tensor of integers, None if it has none; `label` names the tensor.

    Floating point tensors of quantisation-aware training keep parameters that mean nothing; they are dropped. A
    single zero point stands for one per scale. A vector has only one axis to be quantised along, whatever axis old
    converters recorded. Raises `InvalidModel` for parameters that do not fit the tensor, `UnsupportedOperation` for
    schemes that are not affine.
    """
    if table is None or not dtype.is_integer:
        return None
    if table.scalar(QuantizationSlot.DETAILS_TYPE, UINT8, 0) != 0:
        raise UnsupportedOperation(f"{label} has a custom quantisation; npu-hal has the affine one only")
    scales = table.numbers(QuantizationSlot.SCALE, "<f4")
    zero_points = table.numbers(QuantizationSlot.ZERO_POINT, "<i8")
    if not scales:
        return None
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if len(zero_points) != len(scales):
        raise InvalidModel(f"{label} has {len(scales)} scales, but {len(zero_points)} zero points")
    if len(scales) == 1:
        return Quantization(scales=scales, zero_points=zero_points)
    axis = 0 if len(shape) == 1 else table.scalar(QuantizationSlot.QUANTIZED_DIMENSION, INT32, 0)
    if not 0 <= axis < len(shape) or len(scales) != shape[axis]:
        raise InvalidModel(
            f"{label} has {len(scales)} scales along axis {axis}, which do not fit its shape {list(shape)}"
        )
    return Quantization(scales=scales, zero_points=zero_points, axis=axis)
