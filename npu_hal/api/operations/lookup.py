"""Tables: embeddings, hash tables and locality sensitive hashes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    Input,
    Operation,
    OptionalInput,
    Output,
    require_dtype,
    require_rank,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class EmbeddingLookup(Operation):
    """Row ``lookups[i]`` of the values: lookups ``[K]`` int32, values ``[N, ...]``, output ``[K, ...]``."""

    kind: Literal["EMBEDDING_LOOKUP"] = "EMBEDDING_LOOKUP"
    needs_quantization: ClassVar[bool] = False
    lookups: Input
    values: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[K, ...]``."""
        (count,) = require_rank(tensors, self.lookups, 1, "lookups")
        values = tensors[self.values].shape
        if not values:
            raise InvalidGraph("there are no rows in a scalar")
        return ((count, *values[1:]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any type of values, the output as they; lookups int32."""
        require_dtype(tensors, self.lookups, (DType.INT32,), "lookups")
        require_same_dtype(tensors, (self.values, self.output))


class HashtableLookup(Operation):
    """The values of keys: lookups ``[K]``, keys ``[N]`` int32 ascending, values ``[N, ...]``, output ``[K, ...]``.

    ``hits[i]`` (uint8, ``[K]``) is 1 if ``lookups[i]`` is one of the keys; if not, it is 0 and the output is 0.
    """

    kind: Literal["HASHTABLE_LOOKUP"] = "HASHTABLE_LOOKUP"
    needs_quantization: ClassVar[bool] = False
    lookups: Input
    keys: Input
    values: Input
    output: Output
    hits: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[K, ...]`` and ``[K]``."""
        (count,) = require_rank(tensors, self.lookups, 1, "lookups")
        (keys,) = require_rank(tensors, self.keys, 1, "keys")
        values = tensors[self.values].shape
        if not values or values[0] != keys:
            raise InvalidGraph(f"{keys} keys do not fit values of shape {list(values)}")
        return ((count, *values[1:]), (count,))

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any type of values, the output as they; lookups and keys int32, hits uint8."""
        require_dtype(tensors, self.lookups, (DType.INT32,), "lookups")
        require_dtype(tensors, self.keys, (DType.INT32,), "keys")
        require_dtype(tensors, self.hits, (DType.UINT8,), "hits")
        require_same_dtype(tensors, (self.values, self.output))


class LshProjection(Operation):
    """Locality sensitive hashing: the signs of random projections of the input's rows.

    hash ``[H, B]`` float32; input ``[N, ...]`` of any type; weight ``[N]`` float32 or absent (1). Bit (i, j) is set if
    the weighted sum over the rows n of a pseudo-random sign, made from ``hash[i, j]`` and the bytes of row n, is
    positive. `mode` SPARSE: output ``[H]`` int32, the bits of hash i as one number, first bit highest, plus ``i << B``;
    SPARSE_WITHOUT_OFFSET: that number alone; DENSE: output ``[H * B]``, a 0 or 1 for each bit.
    """

    kind: Literal["LSH_PROJECTION"] = "LSH_PROJECTION"
    needs_quantization: ClassVar[bool] = False
    hash: Input
    input: Input
    weight: OptionalInput = None
    output: Output
    mode: Literal["DENSE", "SPARSE", "SPARSE_WITHOUT_OFFSET"]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[H]`` or ``[H * B]``."""
        functions, bits = require_rank(tensors, self.hash, 2, "hash")
        shape = tensors[self.input].shape
        if not shape or bits > 32 or (self.weight is not None and tensors[self.weight].shape != shape[:1]):
            raise InvalidGraph(f"hash functions of {bits} bits or the weights do not fit an input {list(shape)}")
        return ((functions * bits,) if self.mode == "DENSE" else (functions,),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Hash and weight float32, output int32."""
        require_dtype(tensors, self.hash, (DType.FLOAT32,), "hash")
        require_dtype(tensors, self.output, (DType.INT32,), "output")
        if self.weight is not None:
            require_dtype(tensors, self.weight, (DType.FLOAT32,), "weight")
