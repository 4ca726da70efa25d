"""Blocks of images that become channels or batches, and back."""

from collections.abc import Callable
from typing import Any, TypeVar

from npu_hal.api import BatchToSpaceNd, Operation, SpaceToBatchNd
from npu_hal.tflite.converters.operands import Operands

_Kind = TypeVar("_Kind", bound=Operation)


def block_movement(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of DEPTH_TO_SPACE or SPACE_TO_DEPTH."""

    def convert(operands: Operands) -> _Kind:
        return operation(**operands.input_and_output(), block_size=operands.integer("block_size"))

    return convert


def convert_space_to_batch_nd(operands: Operands) -> SpaceToBatchNd:
    """Inputs: input, block shape, paddings [n, 2]."""
    fields, pairs = _blocks(operands, "paddings")
    return SpaceToBatchNd(**fields, paddings=pairs)


def convert_batch_to_space_nd(operands: Operands) -> BatchToSpaceNd:
    """Inputs: input, block shape, crops [n, 2]."""
    fields, pairs = _blocks(operands, "crops")
    return BatchToSpaceNd(**fields, crops=pairs)


def _blocks(operands: Operands, meaning: str) -> tuple[dict[str, Any], tuple[tuple[int, int], ...]]:
    x, block_tensor, pair_tensor = operands.required_inputs(3)
    block_shape = operands.constant_integers(block_tensor, "block shape")
    pairs = operands.constant_pairs(pair_tensor, meaning, len(block_shape))
    return {"input": x, "output": operands.only_output(), "block_shape": block_shape}, pairs
