"""PAD, PADV2 and MIRROR_PAD."""

from npu_hal.api import InvalidGraph, MirrorPad, Pad, PadV2
from npu_hal.tflite.converters.operands import Operands


def convert_pad(operands: Operands) -> Pad:
    """Inputs: input, paddings of shape [rank, 2]."""
    x, paddings = operands.required_inputs(2)
    return Pad(input=x, output=operands.only_output(), paddings=_paddings(operands, x, paddings))


def convert_pad_v2(operands: Operands) -> PadV2:
    """Inputs: input, paddings of shape [rank, 2], value."""
    x, paddings, value = operands.required_inputs(3)
    return PadV2(input=x, value=value, output=operands.only_output(), paddings=_paddings(operands, x, paddings))


def convert_mirror_pad(operands: Operands) -> MirrorPad:
    """Inputs: input, paddings of shape [rank, 2]. Modes: 0 reflects without the border element, 1 with it."""
    x, paddings = operands.required_inputs(2)
    mode = operands.integer("mode")
    if mode not in (0, 1):
        raise InvalidGraph(f"{operands.name} has the unknown mode {mode}")
    return MirrorPad(
        input=x,
        output=operands.only_output(),
        paddings=_paddings(operands, x, paddings),
        symmetric=bool(mode),
    )


def _paddings(operands: Operands, x: int, paddings: int) -> tuple[tuple[int, int], ...]:
    return operands.constant_pairs(paddings, "paddings", operands.tensor(x).rank)
