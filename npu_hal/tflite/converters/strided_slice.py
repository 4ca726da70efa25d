"""STRIDED_SLICE: Python's slicing, written down in masks.

Entry i of begin, end and strides is for axis i of the input, unless an entry before it is an ellipsis (bit i of
`ellipsis_mask`: all axes that the other entries leave over) or puts in a new axis of size 1 (`new_axis_mask`). Bit i of
`begin_mask` and `end_mask` stands for a bound that was left out, bit i of `shrink_axis_mask` for a single index, which
drops its axis: the first one taken if its begin was left out. With `offset`, ends count from the begins.
"""

from dataclasses import dataclass

from npu_hal.api import InvalidGraph, StridedSlice
from npu_hal.tflite.converters.operands import Operands


@dataclass(frozen=True, slots=True)
class _Range:
    """What is taken along one axis of the input; `keeps_axis` is False for a single index."""

    begin: int
    stride: int
    size: int
    keeps_axis: bool = True


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of begin, end and strides, with its bits of the masks."""

    begin: int
    end: int
    stride: int
    has_begin: bool
    has_end: bool
    is_ellipsis: bool
    is_new_axis: bool
    is_index: bool
    is_end_relative: bool


def convert_strided_slice(operands: Operands) -> StridedSlice:
    """Inputs: input, begin, end, strides."""
    x = operands.required_inputs(4)[0]
    shape = operands.tensor(x).shape
    entries = _entries(operands)
    spared = len(shape) - sum(not (entry.is_ellipsis or entry.is_new_axis) for entry in entries)
    if spared < 0 or sum(entry.is_ellipsis for entry in entries) > 1:
        raise InvalidGraph(f"{operands.name} has more indices than its input of shape {list(shape)} has axes")
    ranges: list[_Range] = []
    result: list[int] = []

    def keep(count: int) -> None:
        for size in shape[len(ranges) : len(ranges) + count]:
            ranges.append(_Range(0, 1, size))
            result.append(size)

    for entry in entries:
        if entry.is_ellipsis:
            keep(spared)
            spared = 0
        elif entry.is_new_axis:
            result.append(1)
        else:
            taken = _resolve(operands.name, entry, shape[len(ranges)])
            ranges.append(taken)
            if taken.keeps_axis:
                result.append(taken.size)
    keep(spared)
    return StridedSlice(
        input=x,
        output=operands.only_output(),
        begin=tuple(taken.begin for taken in ranges),
        strides=tuple(taken.stride for taken in ranges),
        sizes=tuple(taken.size for taken in ranges),
        shape=tuple(result),
    )


def _entries(operands: Operands) -> list[_Entry]:
    _, begin_tensor, end_tensor, stride_tensor = operands.required_inputs(4)
    begins = operands.constant_integers(begin_tensor, "begin")
    ends = operands.constant_integers(end_tensor, "end")
    strides = operands.constant_integers(stride_tensor, "strides")
    if not len(begins) == len(ends) == len(strides):
        raise InvalidGraph(
            f"{operands.name} has {len(begins)} begins, {len(ends)} ends and {len(strides)} strides, "
            f"not as many of each"
        )
    offset = operands.flag("offset")

    def bit(mask: str, position: int) -> bool:
        return bool(operands.integer(mask) >> position & 1)

    return [
        _Entry(
            begin=begin,
            end=end,
            stride=stride,
            has_begin=not bit("begin_mask", position),
            has_end=not bit("end_mask", position),
            is_ellipsis=bit("ellipsis_mask", position),
            is_new_axis=bit("new_axis_mask", position),
            is_index=bit("shrink_axis_mask", position),
            is_end_relative=offset,
        )
        for position, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True))
    ]


def _resolve(name: str, entry: _Entry, extent: int) -> _Range:
    if entry.stride == 0:
        raise InvalidGraph(f"{name} has a stride of 0")
    begin = entry.begin if entry.has_begin else None
    if entry.is_index:
        # Begins that are left out are the first or, backwards, the last element.
        index = begin if begin is not None else 0 if entry.stride > 0 else -1
        index += extent if index < 0 else 0
        if not 0 <= index < extent:
            raise InvalidGraph(f"{name} takes element {entry.begin} of an axis of {extent}")
        return _Range(index, 1, 1, keeps_axis=False)
    end = entry.end if entry.has_end else None
    if end is not None and entry.is_end_relative:
        end += slice(begin, None, entry.stride).indices(extent)[0]
        if end < 0:
            # Before the first element, and not counted from the last one.
            end = 0 if entry.stride > 0 else None
    # A Python slice with the same bounds resolves them as TensorFlow does.
    taken = range(extent)[slice(begin, end, entry.stride)]
    return _Range(taken.start if taken else 0, entry.stride, len(taken))
