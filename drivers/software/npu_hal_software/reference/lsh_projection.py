"""LSH_PROJECTION: bits from the signs of pseudo-random projections.

The number for a row is FarmHash's Fingerprint64, as signed integer, over the hash function's float32 seed followed by
the row's bytes; the weighted numbers are summed in float64.
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, LshProjection, Tensor
from npu_hal_software.reference.farm_hash import fingerprint64
from npu_hal_software.reference.kernel import Kernel


def compile_lsh_projection(operation: LshProjection, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a projection."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        weights = inputs[2] if operation.weight is not None else np.ones(len(inputs[1]), np.float32)
        bits = _bits(inputs[0], inputs[1], weights)
        if operation.mode == "DENSE":
            outputs[0][...] = bits.reshape(-1)
            return
        count = bits.shape[1]
        # The first bit is the highest.
        numbers = bits @ (1 << np.arange(count - 1, -1, -1, dtype=np.int64))
        if operation.mode == "SPARSE":
            numbers += np.arange(len(bits), dtype=np.int64) << count
        outputs[0][...] = numbers.astype(np.int32)

    return run


def _bits(seeds: Array, rows: Array, weights: Array) -> Array:
    texts = [row.tobytes() for row in rows]
    bits = np.zeros(seeds.shape, np.int64)
    for position, seed in np.ndenumerate(seeds):
        start = seed.tobytes()
        numbers = np.array([fingerprint64(start + text) for text in texts], np.uint64).astype(np.int64)
        bits[position] = (weights.astype(np.float64) * numbers).sum() > 0
    return bits
