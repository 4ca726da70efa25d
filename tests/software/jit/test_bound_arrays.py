"""The caller's arrays, and their addresses in the records of a program."""

import gc

import numpy as np
import pytest

from npu_hal.api import Array, DType, InvalidInput, Tensor
from npu_hal_software.jit.bound_arrays import BoundArrays, address_of

BYTES = Tensor(name="bytes", shape=(5,), dtype=DType.BOOL)


def test_addresses_are_numpys() -> None:
    read_only = np.arange(6, dtype=np.int16)
    read_only.flags.writeable = False
    arrays: list[Array] = [
        np.zeros((2, 3), np.float32),
        np.zeros(9, np.uint8)[3:],
        read_only,
        np.zeros((4, 0), np.int8),
        np.array(1, np.int32),
        np.zeros(3, np.bool_),
        np.zeros(3, np.complex64),
    ]
    for array in arrays:
        assert address_of(array) == array.ctypes.data


def test_each_slot_of_an_array_gets_its_address() -> None:
    records = np.zeros((3, 4), np.int64)
    bound = BoundArrays(records, [(1, 6), (11,)], [BYTES, BYTES], "input")
    first, second, third = (np.zeros(5, np.uint8) for _ in range(3))
    for pair in ((first, second), (first, third), (second, third), (second, third)):
        bound.bind(pair)
        expected = np.zeros((3, 4), np.int64)
        expected.flat[[1, 6, 11]] = [pair[0].ctypes.data, pair[0].ctypes.data, pair[1].ctypes.data]
        np.testing.assert_array_equal(records, expected)


def test_arrays_are_not_kept_alive_and_not_mistaken_for_later_ones() -> None:
    records = np.zeros((1, 1), np.int64)
    bound = BoundArrays(records, [(0,)], [BYTES], "input")
    sizes = (1 << 20, 8, 1 << 20, 4096, 8)
    for size in sizes:
        array = np.zeros(size, np.uint8)
        references = len(gc.get_referrers(array))
        bound.bind([array])
        assert records[0, 0] == array.ctypes.data
        assert len(gc.get_referrers(array)) == references
        del array


def test_an_output_that_became_read_only_is_refused() -> None:
    bound = BoundArrays(np.zeros((1, 1), np.int64), [(0,)], [BYTES], "output")
    array = np.zeros(5, np.bool_)
    bound.check([array])
    bound.bind([array])
    bound.check([array])
    array.flags.writeable = False
    with pytest.raises(InvalidInput, match="output 0 'bytes' is read-only"):
        bound.check([array])


def test_another_number_of_arrays_is_refused() -> None:
    bound = BoundArrays(np.zeros((1, 1), np.int64), [(0,)], [BYTES], "input")
    array = np.zeros(5, np.bool_)
    bound.check([array])
    bound.bind([array])
    for arrays in ([], [array, array], [np.zeros(6, np.bool_)], [np.zeros(5, np.uint8)]):
        with pytest.raises(InvalidInput):
            bound.check(arrays)


def test_an_array_whose_binding_was_interrupted_is_bound_again(monkeypatch: pytest.MonkeyPatch) -> None:
    records = np.zeros((1, 1), np.int64)
    bound = BoundArrays(records, [(0,)], [BYTES], "input")
    first, second = (np.zeros(5, np.bool_) for _ in range(2))
    bound.bind([first])

    def interrupt(array: Array) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("npu_hal_software.jit.bound_arrays.address_of", interrupt)
        with pytest.raises(KeyboardInterrupt):
            bound.bind([second])
    bound.bind([second])
    assert records[0, 0] == second.ctypes.data
