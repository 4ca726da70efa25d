"""HASHTABLE_LOOKUP."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, HashtableLookup, Tensor
from npu_hal_software.reference.kernel import Kernel


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
