"""CONCATENATION and SPLIT as placement: the parts lie one after the other in the whole."""

import math
from collections.abc import Callable
from dataclasses import replace

from npu_hal.api import Concatenation, Shape, Split
from npu_hal_etnaviv.jobs.image import INTERLEAVED, PLANAR, Arrangement, Image, Layout
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.rescaling import rescaling_job


def joining_layout(shape: Shape, axis: int) -> Layout | None:
    """The layout in which parts along an axis lie one after the other; None if there is none.

    Planar for the channels, interleaved for an axis that no longer one precedes.
    """
    if axis == len(shape) - 1:
        return PLANAR
    return INTERLEAVED if math.prod(shape[:axis]) == 1 else None


def lower_concatenation(operation: Concatenation, context: LoweringContext) -> None:
    """The inputs become parts of the output's image; one of another quantisation is rescaled first."""
    layout = _layout(context.graph.tensors[operation.output].shape, operation.axis)
    if layout.arrangement is Arrangement.PLANAR:
        image_of: Callable[[int], Image] = context.planar
        define = context.define_planar
    else:
        image_of, define = context.interleaved, context.define_interleaved
    whole = context.new_image(operation.output, layout)
    parts = []
    for tensor in operation.concatenated:
        part = image_of(tensor)
        if (part.scale, part.zero_point) != (whole.scale, whole.zero_point):
            part = _rescaled(part, whole, context)
        parts.append(part)
    context.join(parts, whole)
    define(operation.output, whole)


def lower_split(operation: Split, context: LoweringContext) -> None:
    """The outputs become parts of the input's image."""
    layout = _layout(context.graph.tensors[operation.input].shape, operation.axis)
    is_planar = layout.arrangement is Arrangement.PLANAR
    whole = context.planar(operation.input) if is_planar else context.interleaved(operation.input)
    parts = [replace(context.new_image(tensor, layout), zero_point=whole.zero_point) for tensor in operation.parts]
    context.join(parts, whole)
    for tensor, part in zip(operation.parts, parts, strict=True):
        if is_planar:
            context.define_planar(tensor, part)
        else:
            context.define_interleaved(tensor, part)


def _layout(shape: Shape, axis: int) -> Layout:
    layout = joining_layout(shape, axis)
    if layout is None:
        raise AssertionError(f"axis {axis} of {list(shape)} was accepted although its parts are not contiguous")
    return layout


def _rescaled(part: Image, whole: Image, context: LoweringContext) -> Image:
    name = f"{part.name}, as in {whole.name}"
    target = replace(part, name=name, zero_point=whole.zero_point, scale=whole.scale)
    context.emit(rescaling_job(part, target))
    return target
