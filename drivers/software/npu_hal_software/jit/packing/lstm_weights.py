"""Weights of an LSTM layer as blocks of units: constants of all gates, then weights in the order of the inner loop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.packing.gemm_weights import DEPTH_GROUP
from npu_hal_software.jit.packing.memory import align, allocate
from npu_hal_software.jit.packing.requantisation import Multipliers, blocks_of, constant_words


@dataclass(frozen=True, slots=True)
class GateProduct:
    """One gate's product with one vector of inputs.

    `weights` is int8 of shape (units, depth), `bias` int32 of shape (units,) with all that does not depend on the
    vector; the sum is multiplied by `multiplier`.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    multiplier: float


@dataclass(frozen=True, slots=True)
class PackedGates:
    """Blocks of units, `step` bytes apart, and the numbers of groups of 4 inputs of each of the two vectors."""

    memory: NDArray[np.uint8]
    step: int
    count: int
    group_counts: tuple[int, ...]


def pack_gates(of_input: Sequence[GateProduct], of_state: Sequence[GateProduct], lanes: int) -> PackedGates:
    """Pack the gates' products with the input and with the state, in the order of the gates."""
    units = len(of_input[0].bias)
    count = -(-units // lanes)
    parts: list[NDArray[np.uint8]] = []
    group_counts = []
    for gates in (of_input, of_state):
        parts += [_constants(gate, count, lanes) for gate in gates]
    for gates in (of_input, of_state):
        weights = np.stack([_weights(gate, count, lanes) for gate in gates], axis=2)
        group_counts.append(weights.shape[1])
        parts.append(weights.view(np.uint8).reshape(count, -1))
    size = sum(part.shape[1] for part in parts)
    memory = allocate(align(size) * count)
    np.concatenate(parts, axis=1, out=memory.reshape(count, -1)[:, :size])
    return PackedGates(memory, align(size), count, tuple(group_counts))


def _constants(gate: GateProduct, count: int, lanes: int) -> NDArray[np.uint8]:
    """The words of `jit.requantise` for each block: bytes of shape (blocks, bytes)."""
    bias = np.zeros(count * lanes, np.int32)
    bias[: gate.bias.size] = gate.bias
    words = constant_words(bias, Multipliers.of(np.full(bias.size, gate.multiplier)), "exact")
    return blocks_of(words, lanes).view(np.uint8).reshape(count, -1)


def _weights(gate: GateProduct, count: int, lanes: int) -> NDArray[np.int8]:
    """int8 of shape (blocks, groups, lanes, 4), filled up with zeros."""
    units, depth = gate.weights.shape
    groups = -(-depth // DEPTH_GROUP)
    padded = np.zeros((count * lanes, groups * DEPTH_GROUP), np.int8)
    padded[:units, :depth] = gate.weights
    return padded.reshape(count, lanes, groups, DEPTH_GROUP).swapaxes(1, 2)
