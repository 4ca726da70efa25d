"""EMBEDDING_LOOKUP and HASHTABLE_LOOKUP."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, EmbeddingLookup, HashtableLookup, InvalidInput, Tensor
from npu_hal_software.reference.kernel import Kernel


def compile_embedding_lookup(operation: EmbeddingLookup, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a lookup by row number; it raises `InvalidInput` for rows that there are not."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        lookups, values = inputs
        if lookups.size and not 0 <= lookups.min() <= lookups.max() < len(values):
            raise InvalidInput(f"rows {lookups.min()}..{lookups.max()} are looked up in a table of {len(values)}")
        np.take(values, lookups, axis=0, out=outputs[0])

    return run


def compile_hashtable_lookup(operation: HashtableLookup, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a lookup by key."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        lookups, keys, values = inputs
        found, hits = outputs
        found[...] = 0
        hits[...] = np.isin(lookups, keys)
        is_hit = hits.astype(bool)
        found[is_hit] = values[np.searchsorted(keys, lookups[is_hit])]

    return run
