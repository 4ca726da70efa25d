"""The network: a residual depthwise-separable stack, with every operation a small accelerator has."""

from collections.abc import Sequence

import numpy as np

from tools.digits.dataset import CLASSES
from tools.digits.layers import AveragePool, Conv, Dense, Depthwise, Flatten, Layer, Real, Residual


def build(rng: np.random.Generator) -> list[Layer]:
    """The layers with random weights; input ``[N, 8, 8, 1]``, output ``[N, 10]`` logits."""
    return [
        Conv(rng, 1, 16, kernel=3),
        Depthwise(rng, 16, kernel=3, stride=2),
        Conv(rng, 16, 32, kernel=1),
        Residual(Depthwise(rng, 32, kernel=3), Conv(rng, 32, 32, kernel=1, relu=False)),
        Conv(rng, 32, 48, kernel=1),
        AveragePool(2),
        Flatten(),
        Dense(rng, 2 * 2 * 48, CLASSES),
    ]


def run(layers: Sequence[Layer], x: Real) -> Real:
    """The output of the last layer."""
    for layer in layers:
        x = layer.forward(x)
    return x


def softmax(logits: Real) -> Real:
    """Probabilities of the classes, along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Real = shifted / shifted.sum(axis=-1, keepdims=True)
    return result
