"""Tensors of the runtime, as made by hand, in terms of the driver interface."""

import ctypes
from typing import Any

import numpy as np
import pytest

from npu_hal.api import DType, Quantization, Tensor, UnsupportedOperation
from teflon.tensor_table import TensorTable, read_tensor
from teflon.tflite_abi import (
    AllocationType,
    TfLiteAffineQuantization,
    TfLiteContext,
    TfLiteQuantization,
    TfLiteTensor,
    int_array,
)

FLOAT32, INT32, UINT8, STRING, INT8, FLOAT16 = 1, 2, 3, 5, 9, 10


class Native:
    """A TfLiteTensor, and what its pointers point to."""

    def __init__(self, kind: int, shape: tuple[int, ...], **fields: Any) -> None:
        self._kept: list[Any] = [int_array(shape)]
        self.tensor = TfLiteTensor(type=kind, dims=ctypes.addressof(self._kept[0]), name=b"t", **fields)

    def quantize(
        self, scales: tuple[float, ...], zero_points: tuple[int, ...], axis: int = 0, kind: int = 1
    ) -> "Native":
        scale = (ctypes.c_float * (len(scales) + 1))(0.0, *scales)
        ctypes.c_int.from_buffer(scale).value = len(scales)
        zero = int_array(zero_points)
        affine = TfLiteAffineQuantization(ctypes.addressof(scale), ctypes.addressof(zero), axis)
        self._kept += [scale, zero, affine]
        self.tensor.quantization = TfLiteQuantization(kind, ctypes.addressof(affine))
        return self

    def fill(self, values: np.ndarray[Any, Any]) -> "Native":
        self._kept.append(values)
        self.tensor.data = values.ctypes.data
        self.tensor.bytes = values.nbytes
        self.tensor.allocation_type = AllocationType.MMAP_RO
        return self

    def read(self) -> Tensor:
        return read_tensor(7, self.tensor)


def test_shape_type_and_name_are_the_runtimes() -> None:
    tensor = Native(FLOAT32, (2, 3)).read()
    assert (tensor.name, tensor.shape, tensor.dtype, tensor.quantization) == ("t", (2, 3), DType.FLOAT32, None)
    assert not tensor.is_constant


def test_a_constant_is_a_view() -> None:
    values = np.arange(6, dtype=np.uint8)
    tensor = Native(UINT8, (2, 3)).fill(values).read()
    assert tensor.constant().ctypes.data == values.ctypes.data
    np.testing.assert_array_equal(tensor.constant(), [[0, 1, 2], [3, 4, 5]])
    assert not tensor.constant().flags.writeable


def test_a_constant_that_its_writer_did_not_align_is_copied() -> None:
    stored = np.zeros(9, np.uint8)
    stored[1:] = np.array([5, -6], np.int32).view(np.uint8)
    tensor = Native(INT32, (2,)).fill(stored[1:]).read()
    assert tensor.constant().flags.aligned
    np.testing.assert_array_equal(tensor.constant(), [5, -6])


def test_memory_of_the_arena_is_no_constant() -> None:
    native = Native(UINT8, (2, 3)).fill(np.arange(6, dtype=np.uint8))
    native.tensor.allocation_type = AllocationType.ARENA_RW
    assert not native.read().is_constant


@pytest.mark.parametrize(
    ("scales", "zero_points", "axis", "quantization"),
    [
        ((0.5,), (3,), 0, Quantization.per_tensor(0.5, 3)),
        # One scale is per tensor, whatever axis is recorded.
        ((0.5,), (3,), 1, Quantization.per_tensor(0.5, 3)),
        ((0.5, 0.25), (1, 2), 0, Quantization(scales=(0.5, 0.25), zero_points=(1, 2), axis=0)),
        ((0.5, 0.25, 1.0), (4,), 1, Quantization(scales=(0.5, 0.25, 1.0), zero_points=(4, 4, 4), axis=1)),
        ((0.5, 0.25, 1.0), (), 1, Quantization(scales=(0.5, 0.25, 1.0), zero_points=(0, 0, 0), axis=1)),
        ((), (), 0, None),
    ],
)
def test_quantisation(
    scales: tuple[float, ...], zero_points: tuple[int, ...], axis: int, quantization: Quantization | None
) -> None:
    assert Native(INT8, (2, 3)).quantize(scales, zero_points, axis).read().quantization == quantization


def test_a_vector_is_quantised_along_its_only_axis() -> None:
    tensor = Native(INT32, (2,)).quantize((0.5, 0.25), (0, 0), axis=3).read()
    assert tensor.affine().axis == 0


def test_quantisation_of_floats_means_nothing() -> None:
    assert Native(FLOAT32, (2, 3)).quantize((0.5,), (3,)).read().quantization is None


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (Native(STRING, (1,)), "tensor 7 't' has elements of TfLiteType 5"),
        (Native(FLOAT16, (1,)), "tensor 7 't' has elements of TfLiteType 10"),
        (Native(UINT8, (1,), is_variable=True), "tensor 7 't' is a variable"),
        (Native(UINT8, (1,), sparsity=1), "tensor 7 't' is sparse"),
        (Native(UINT8, (2, 3)).quantize((0.5,), (3,), kind=2), "tensor 7 't' has a quantisation of kind 2"),
        (Native(UINT8, (2, 3)).quantize((0.5, 0.5), (3, 3), axis=1), "2 scales along axis 1 do not fit"),
        (Native(UINT8, (2, 3)).quantize((0.5,), (300,)), "zero point 300 is outside of the range of uint8"),
        (Native(UINT8, (2, -1)), "tensor 7 't' cannot be expressed"),
    ],
)
def test_what_the_interface_cannot_express_is_refused_with_the_reason(native: Native, reason: str) -> None:
    with pytest.raises(UnsupportedOperation, match=reason):
        native.read()


def test_the_table_reads_what_is_asked_for() -> None:
    natives = (Native(UINT8, (1,)), Native(STRING, (1,)), Native(INT8, (4, 5)))
    records = (TfLiteTensor * 3)(*(native.tensor for native in natives))
    table = TensorTable(TfLiteContext(tensors_size=3, tensors=ctypes.addressof(records)))
    assert len(table) == 3
    assert table[2].shape == (4, 5)
    assert table[2] is table[2]
    assert [tensor.dtype for tensor in table[::2]] == [DType.UINT8, DType.INT8]
    with pytest.raises(UnsupportedOperation):
        table[1]
    with pytest.raises(IndexError):
        table[3]


class TestShapes:
    """Of a table of x (given), y (computed) and a constant."""

    def table(self) -> tuple[TensorTable, Any]:
        natives = (Native(UINT8, (2, 3)), Native(UINT8, (1,)), Native(INT32, (2,)).fill(np.array([5, 6], np.int32)))
        records = (TfLiteTensor * 3)(*(native.tensor for native in natives))
        context = TfLiteContext(tensors_size=3, tensors=ctypes.addressof(records))
        return TensorTable(context), (natives, records)

    def test_are_inferred_from_those_that_are_given(self) -> None:
        table, _memory = self.table()
        assert [tensor.shape for tensor in table] == [(2, 3), (1,), (2,)]
        table.infer(1, (3, 2))
        assert table[1].shape == (3, 2)
        assert table.native_shape(1) == (1,)
        assert table.given_shapes() == {0: (2, 3)}

    def test_that_the_runtime_computes_are_its_own_or_unknown(self) -> None:
        table, _memory = self.table()
        table.infer(1, (3, 2))
        table.leave(1)
        assert table[1].shape == (1,)
        assert table.given_shapes() == {1: (1,)}
        table.leave(1, "who knows")
        with pytest.raises(UnsupportedOperation, match="who knows"):
            table[1]

    def test_of_a_new_table_are_those_of_the_time_and_constants_the_same(self) -> None:
        table, memory = self.table()
        constant = table[2]
        table.infer(1, (3, 2))
        table.make_constant(1, np.zeros((3, 2), np.uint8))
        assert table[1].is_constant
        longer = int_array((4, 3))
        memory[1][0].dims = ctypes.addressof(longer)
        later = table.anew()
        assert later[0].shape == (4, 3)
        assert not later[1].is_constant
        assert later[2] is constant
