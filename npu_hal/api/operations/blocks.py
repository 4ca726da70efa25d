"""Blocks of a space exchanged with channels or batches."""

import math
from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import UnaryMovement
from npu_hal.api.operation import NonNegative, Positive, require_rank
from npu_hal.api.tensor import Shape, Tensor


class _BlockMovement(UnaryMovement):
    """input ``[N, H, W, C]``; blocks of ``block_size`` by ``block_size`` elements."""

    block_size: Positive


class DepthToSpace(_BlockMovement):
    """Channels become blocks: output ``[N, H * b, W * b, C / b**2]``, channel ``(y * b + x) * C' + c`` at (y, x)."""

    kind: Literal["DEPTH_TO_SPACE"] = "DEPTH_TO_SPACE"

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, H * b, W * b, C / b**2]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        block = self.block_size
        if channels % block**2:
            raise InvalidGraph(f"{channels} channels do not divide in blocks of {block}x{block}")
        return ((batch, height * block, width * block, channels // block**2),)


class SpaceToDepth(_BlockMovement):
    """Blocks become channels: output ``[N, H / b, W / b, C * b**2]``; the inverse of DEPTH_TO_SPACE."""

    kind: Literal["SPACE_TO_DEPTH"] = "SPACE_TO_DEPTH"

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, H / b, W / b, C * b**2]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        block = self.block_size
        if height % block or width % block:
            raise InvalidGraph(f"an image of {height}x{width} does not divide in blocks of {block}x{block}")
        return ((batch, height // block, width // block, channels * block**2),)


class SpaceToBatchNd(UnaryMovement):
    """Blocks of the padded axes 1.. become batches: output batch ``(offset in block) * N + n``.

    `block_shape` and `paddings` (before, after) are for axes 1, 2, .. of the input. Padding holds the zero point.
    """

    kind: Literal["SPACE_TO_BATCH_ND"] = "SPACE_TO_BATCH_ND"
    block_shape: tuple[Positive, ...]
    paddings: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N * prod(block_shape), padded / block .., rest ..]``."""
        shape = tensors[self.input].shape
        count = len(self.block_shape)
        if count != len(self.paddings) or count >= len(shape):
            raise InvalidGraph(f"blocks {list(self.block_shape)} and their paddings do not fit {list(shape)}")
        sizes = []
        for size, block, (before, after) in zip(shape[1:], self.block_shape, self.paddings, strict=False):
            if (before + size + after) % block:
                raise InvalidGraph(f"{before} + {size} + {after} elements do not divide in blocks of {block}")
            sizes.append((before + size + after) // block)
        return ((shape[0] * math.prod(self.block_shape), *sizes, *shape[count + 1 :]),)


class BatchToSpaceNd(UnaryMovement):
    """The inverse of SPACE_TO_BATCH_ND: batches become blocks of axes 1.., which are then cropped."""

    kind: Literal["BATCH_TO_SPACE_ND"] = "BATCH_TO_SPACE_ND"
    block_shape: tuple[Positive, ...]
    crops: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N / prod(block_shape), size * block - crops .., rest ..]``."""
        shape = tensors[self.input].shape
        count = len(self.block_shape)
        if count != len(self.crops) or count >= len(shape) or shape[0] % math.prod(self.block_shape):
            raise InvalidGraph(f"blocks {list(self.block_shape)} and their crops do not fit {list(shape)}")
        sizes = []
        for size, block, (before, after) in zip(shape[1:], self.block_shape, self.crops, strict=False):
            if before + after > size * block:
                raise InvalidGraph(f"{size * block} elements cannot be cropped by {before} and {after}")
            sizes.append(size * block - before - after)
        return ((shape[0] // math.prod(self.block_shape), *sizes, *shape[count + 1 :]),)
