"""The reader's numbers are those of the schema's generated code."""

import tflite

from npu_hal.api import DType
from npu_hal.tflite.schema import DTYPES, OTHER_TYPES

TYPE_NAMES = {value: name for name, value in vars(tflite.TensorType).items() if not name.startswith("_")}


def test_types_have_the_schemas_numbers() -> None:
    ours = {number: dtype.name for number, dtype in DTYPES.items()}
    assert ours | dict(OTHER_TYPES) == TYPE_NAMES


def test_every_type_of_the_interface_can_be_read() -> None:
    assert set(DTYPES.values()) == set(DType)
