"""EMBEDDING_LOOKUP, HASHTABLE_LOOKUP and LSH_PROJECTION."""

from typing import Literal

from npu_hal.api import EmbeddingLookup, HashtableLookup, InvalidGraph, LshProjection
from npu_hal.tflite.converters.operands import Operands

# LSHProjectionType of the schema.
_LSH_MODES: dict[int, Literal["SPARSE", "DENSE"]] = {1: "SPARSE", 2: "DENSE"}


def convert_embedding_lookup(operands: Operands) -> EmbeddingLookup:
    """Inputs: lookups, values."""
    lookups, values = operands.required_inputs(2)
    return EmbeddingLookup(lookups=lookups, values=values, output=operands.only_output())


def convert_hashtable_lookup(operands: Operands) -> HashtableLookup:
    """Inputs: lookups, keys, values; outputs: values, hits."""
    lookups, keys, values = operands.required_inputs(3)
    output, hits = operands.all_outputs(2)
    return HashtableLookup(lookups=lookups, keys=keys, values=values, output=output, hits=hits)


def convert_lsh_projection(operands: Operands) -> LshProjection:
    """Inputs: hash, input, optional weight."""
    (hashes, x), (weight,) = operands.inputs(2, 1)
    number = operands.integer("type")
    if number not in _LSH_MODES:
        raise InvalidGraph(f"{operands.name} has the unknown type {number}")
    return LshProjection(hash=hashes, input=x, weight=weight, output=operands.only_output(), mode=_LSH_MODES[number])
