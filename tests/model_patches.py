"""Changes of single numbers in model files, so that TensorFlow Lite's reference kernels take them."""

from collections.abc import Collection

import numpy as np
import tflite

# Offsets of fields in their tables' vtables: 4 plus twice the slot.
_VERSION = 8
_QUANTIZED_DIMENSION = 16


def with_operators_of_version_1(model: bytes, kinds: Collection[int]) -> bytes:
    """The model with version 1 for the builtin operators `kinds`.

    BUILTIN_REF registers some kernels only for versions that came before a new element type, which they compute all
    the same.
    """
    patched = bytearray(model)
    root = tflite.Model.GetRootAsModel(patched, 0)
    for index in range(root.OperatorCodesLength()):
        code = root.OperatorCodes(index)
        offset = code._tab.Offset(_VERSION)
        if offset and max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) in kinds:
            _write_int32(patched, code._tab.Pos + offset, 1)
    return bytes(patched)


def with_vectors_quantised_along_axis_0(model: bytes) -> bytes:
    """The model with axis 0 for each vector that claims to be quantised along another one, which it has not."""
    patched = bytearray(model)
    subgraph = tflite.Model.GetRootAsModel(patched, 0).Subgraphs(0)
    for index in range(subgraph.TensorsLength()):
        tensor = subgraph.Tensors(index)
        quantization = tensor.Quantization()
        if quantization is None or tensor.ShapeLength() != 1:
            continue
        offset = quantization._tab.Offset(_QUANTIZED_DIMENSION)
        if offset:
            _write_int32(patched, quantization._tab.Pos + offset, 0)
    return bytes(patched)


def _write_int32(data: bytearray, position: int, value: int) -> None:
    data[position : position + 4] = np.int32(value).tobytes()
