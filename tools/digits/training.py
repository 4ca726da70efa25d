"""Training by Adam with weight decay (https://arxiv.org/abs/1711.05101) and a cosine schedule."""

from collections.abc import Callable, Sequence

import numpy as np

from tools.digits.dataset import CLASSES, Digits
from tools.digits.layers import Layer, Real
from tools.digits.network import run, softmax

EPOCHS = 100
BATCH = 64
LEARNING_RATE = 6e-3
WEIGHT_DECAY = 0.02
LABEL_SMOOTHING = 0.02
SHIFT = 1
# Trained weights are rounded to this grid: it hides the last bits of sums, which differ between processors.
WEIGHT_GRID = 2.0**-18


def train(
    layers: Sequence[Layer], digits: Digits, rng: np.random.Generator, report: Callable[[int, float], None]
) -> None:
    """Change the layers' parameters so that they classify `digits`; `report` gets each epoch's number and mean loss."""
    optimizer = _AdamW(layers)
    steps_per_epoch = -(-len(digits) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        losses = []
        for chosen in np.array_split(rng.permutation(len(digits)), steps_per_epoch):
            batch = digits.take(chosen)
            losses.append(_loss_and_gradients(layers, _shifted(batch.real, rng), batch))
            progress = step / (EPOCHS * steps_per_epoch)
            optimizer.step(LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * progress)))
            step += 1
        report(epoch, float(np.mean(losses)))
    for parameter in (parameter for layer in layers for parameter in layer.parameters):
        parameter.value = np.round(parameter.value / WEIGHT_GRID) * WEIGHT_GRID


def accuracy(layers: Sequence[Layer], digits: Digits) -> float:
    """The share of `digits` that the network classifies rightly."""
    return float(np.mean(run(layers, digits.real).argmax(axis=1) == digits.labels))


def _shifted(images: Real, rng: np.random.Generator) -> Real:
    """Each image moved by up to SHIFT pixels in a random direction."""
    padded = np.pad(images, [(0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)])
    height, width = images.shape[1:3]
    moved = np.empty_like(images)
    for position, (top, left) in enumerate(rng.integers(0, 2 * SHIFT + 1, (len(images), 2))):
        moved[position] = padded[position, top : top + height, left : left + width]
    return moved


def _loss_and_gradients(layers: Sequence[Layer], x: Real, batch: Digits) -> float:
    """Cross entropy with smoothed labels; the layers' gradients are set."""
    probabilities = softmax(run(layers, x))
    targets = np.full_like(probabilities, LABEL_SMOOTHING / CLASSES)
    targets[np.arange(len(batch)), batch.labels] += 1 - LABEL_SMOOTHING
    gradient = (probabilities - targets) / len(batch)
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
    return float(-(targets * np.log(probabilities)).sum(axis=1).mean())


class _AdamW:
    """The optimiser's state for all parameters of `layers`."""

    BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._parameters = [parameter for layer in layers for parameter in layer.parameters]
        self._means = [np.zeros_like(parameter.value) for parameter in self._parameters]
        self._squares = [np.zeros_like(parameter.value) for parameter in self._parameters]
        self._steps = 0

    def step(self, learning_rate: float) -> None:
        """Move every parameter against its gradient."""
        self._steps += 1
        for parameter, mean, square in zip(self._parameters, self._means, self._squares, strict=True):
            mean += (1 - self.BETA1) * (parameter.gradient - mean)
            square += (1 - self.BETA2) * (parameter.gradient**2 - square)
            corrected_mean = mean / (1 - self.BETA1**self._steps)
            corrected_square = square / (1 - self.BETA2**self._steps)
            parameter.value -= learning_rate * (
                corrected_mean / (np.sqrt(corrected_square) + self.EPSILON) + WEIGHT_DECAY * parameter.value
            )
