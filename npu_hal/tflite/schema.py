"""Slots of the fields that the reader takes from the tables of TensorFlow Lite's schema.fbs (TensorFlow 2.18)."""

import struct
from collections.abc import Mapping
from enum import IntEnum

from npu_hal.api import DType

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3

BOOL = struct.Struct("<?")
INT8 = struct.Struct("<b")
UINT8 = struct.Struct("<B")
INT32 = struct.Struct("<i")
UINT32 = struct.Struct("<I")
UINT64 = struct.Struct("<Q")


class ModelSlot(IntEnum):
    """Table Model, the root."""

    VERSION = 0
    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    DESCRIPTION = 3
    BUFFERS = 4
    METADATA = 6
    SIGNATURE_DEFS = 7


class OperatorCodeSlot(IntEnum):
    """Table OperatorCode."""

    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    VERSION = 2
    BUILTIN_CODE = 3


class SubGraphSlot(IntEnum):
    """Table SubGraph."""

    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3
    NAME = 4


class TensorSlot(IntEnum):
    """Table Tensor."""

    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    IS_VARIABLE = 5
    SPARSITY = 6
    SHAPE_SIGNATURE = 7


class QuantizationSlot(IntEnum):
    """Table QuantizationParameters."""

    SCALE = 2
    ZERO_POINT = 3
    DETAILS_TYPE = 4
    QUANTIZED_DIMENSION = 6


class OperatorSlot(IntEnum):
    """Table Operator."""

    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    BUILTIN_OPTIONS = 4
    CUSTOM_OPTIONS = 5
    INTERMEDIATES = 8
    LARGE_CUSTOM_OPTIONS_OFFSET = 9


class BufferSlot(IntEnum):
    """Table Buffer; OFFSET and SIZE tell of data in the file after the flatbuffer."""

    DATA = 0
    OFFSET = 1
    SIZE = 2


class MetadataSlot(IntEnum):
    """Table Metadata."""

    NAME = 0
    BUFFER = 1


class SignatureDefSlot(IntEnum):
    """Table SignatureDef."""

    INPUTS = 0
    OUTPUTS = 1
    SIGNATURE_KEY = 2
    SUBGRAPH_INDEX = 4


class TensorMapSlot(IntEnum):
    """Table TensorMap."""

    NAME = 0
    TENSOR_INDEX = 1


# TensorType: those that the interface has, and the names of the others.
DTYPES: Mapping[int, DType] = {
    0: DType.FLOAT32,
    2: DType.INT32,
    3: DType.UINT8,
    4: DType.INT64,
    6: DType.BOOL,
    7: DType.INT16,
    8: DType.COMPLEX64,
    9: DType.INT8,
}
OTHER_TYPES: Mapping[int, str] = {
    1: "FLOAT16",
    5: "STRING",
    10: "FLOAT64",
    11: "COMPLEX128",
    12: "UINT64",
    13: "RESOURCE",
    14: "VARIANT",
    15: "UINT32",
    16: "UINT16",
    17: "INT4",
    18: "BFLOAT16",
}
