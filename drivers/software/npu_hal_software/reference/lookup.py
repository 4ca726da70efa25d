"""GATHER, GATHER_ND and EMBEDDING_LOOKUP: slices of a tensor at computed indices.

An index outside of the tensor is refused; negative ones do not count from the back.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from npu_hal.api import Array, EmbeddingLookup, Gather, GatherNd, InvalidInput, Tensor
from npu_hal_software.reference.kernel import Kernel


def compile_gather(operation: Gather, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a choice of slices along an axis."""
    batch, axis = operation.batch_dims, operation.axis

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, indices = inputs
        _require_inside(indices, x.shape[axis], operation)
        for position in np.ndindex(*x.shape[:batch]):
            outputs[0][position] = np.take(x[position], indices[position], axis=axis - batch)

    return run


def compile_gather_nd(operation: GatherNd, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a choice of slices by coordinates."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, indices = inputs
        coordinates = tuple(np.moveaxis(indices, -1, 0))
        for axis, along in enumerate(coordinates):
            _require_inside(along, x.shape[axis], operation)
        outputs[0][...] = x[coordinates]

    return run


def compile_embedding_lookup(operation: EmbeddingLookup, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a choice of rows."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        lookups, values = inputs
        _require_inside(lookups, values.shape[0], operation)
        outputs[0][...] = values[lookups]

    return run


def _require_inside(indices: Array, size: int, operation: Any) -> None:
    outside = indices[(indices < 0) | (indices >= size)]
    if outside.size:
        raise InvalidInput(f"{operation.kind} asks for element {outside.flat[0]} of an axis of {size}")
