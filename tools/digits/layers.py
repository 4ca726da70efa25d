"""The layers of the network, forward and backward, in float64.

Every layer maps ``[N, ...]`` to ``[N, ...]``; images are NHWC. `forward` keeps what `backward` needs, so a layer
handles one batch at a time. Float64 keeps the training the same on every machine up to far below the grid to which
weights are rounded at the end.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(slots=True)
class Parameter:
    """A trained array and the gradient of the loss with respect to it."""

    value: Real
    gradient: Real = field(init=False)

    def __post_init__(self) -> None:
        self.gradient = np.zeros_like(self.value)


class Layer(ABC):
    """A differentiable function with parameters; `output` is the last result of `forward`."""

    output: Real

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What training changes."""
        return ()

    @abstractmethod
    def forward(self, x: Real) -> Real:
        """The layer's output for `x`."""

    @abstractmethod
    def backward(self, gradient: Real) -> Real:
        """Gradient with respect to the last input, from that of the output; sets the parameters' gradients."""


class _Weighted(Layer):
    """A layer with weights, a bias per output channel, and a ReLU where it is asked for."""

    def __init__(self, weights: Real, channels: int, relu: bool) -> None:
        self.weights = Parameter(weights)
        self.bias = Parameter(np.zeros(channels))
        self.relu = relu

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.weights, self.bias

    def _activate(self, z: Real) -> Real:
        self.output = np.maximum(z, 0.0) if self.relu else z
        return self.output

    def _through_activation(self, gradient: Real) -> Real:
        if self.relu:
            gradient = gradient * (self.output > 0)
        self.bias.gradient = gradient.reshape(-1, gradient.shape[-1]).sum(axis=0)
        return gradient


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Elements before and after that TensorFlow's SAME rule puts around an axis of `size`."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Convolution(_Weighted):
    """Windows of ``kernel x kernel`` over the SAME-padded input, in steps of `stride`."""

    def __init__(self, weights: Real, channels: int, kernel: int, stride: int, relu: bool) -> None:
        super().__init__(weights, channels, relu)
        self.kernel = kernel
        self.stride = stride
        self._windows: Real
        self._input_shape: tuple[int, ...]

    def _unfold(self, x: Real) -> Real:
        """The windows ``[N, OH, OW, C, kernel, kernel]`` of `x`, kept for `backward`."""
        self._input_shape = x.shape
        padding = [same_padding(size, self.kernel, self.stride) for size in x.shape[1:3]]
        padded = np.pad(x, [(0, 0), *padding, (0, 0)])
        windows = sliding_window_view(padded, (self.kernel, self.kernel), axis=(1, 2))
        self._windows = windows[:, :: self.stride, :: self.stride]
        return self._windows

    def _fold(self, gradient: Real) -> Real:
        """The gradient of the input, from that of its windows ``[N, OH, OW, C, kernel, kernel]``."""
        batch, height, width, channels = self._input_shape
        (top, bottom), (left, right) = (same_padding(size, self.kernel, self.stride) for size in (height, width))
        padded = np.zeros((batch, top + height + bottom, left + width + right, channels))
        rows, columns = (size * self.stride for size in gradient.shape[1:3])
        for row in range(self.kernel):
            for column in range(self.kernel):
                padded[:, row : row + rows : self.stride, column : column + columns : self.stride] += gradient[
                    ..., row, column
                ]
        return padded[:, top : top + height, left : left + width]


class Conv(_Convolution):
    """Convolution; weights ``[outputs, kernel, kernel, inputs]``."""

    def __init__(
        self, rng: np.random.Generator, inputs: int, outputs: int, kernel: int, stride: int = 1, relu: bool = True
    ) -> None:
        deviation = np.sqrt(2 / (inputs * kernel * kernel))
        super().__init__(rng.normal(0, deviation, (outputs, kernel, kernel, inputs)), outputs, kernel, stride, relu)

    def forward(self, x: Real) -> Real:
        return self._activate(
            np.tensordot(self._unfold(x), self.weights.value, axes=((3, 4, 5), (3, 1, 2))) + self.bias.value
        )

    def backward(self, gradient: Real) -> Real:
        gradient = self._through_activation(gradient)
        by_window = np.tensordot(gradient, self._windows, axes=((0, 1, 2), (0, 1, 2)))
        self.weights.gradient = by_window.transpose(0, 2, 3, 1)
        return self._fold(np.tensordot(gradient, self.weights.value.transpose(0, 3, 1, 2), axes=((3,), (0,))))


class Depthwise(_Convolution):
    """Depthwise convolution; weights ``[1, kernel, kernel, channels]``."""

    def __init__(
        self, rng: np.random.Generator, channels: int, kernel: int, stride: int = 1, relu: bool = True
    ) -> None:
        deviation = np.sqrt(2 / (kernel * kernel))
        super().__init__(rng.normal(0, deviation, (1, kernel, kernel, channels)), channels, kernel, stride, relu)

    def forward(self, x: Real) -> Real:
        return self._activate(np.einsum("nhwckl,klc->nhwc", self._unfold(x), self.weights.value[0]) + self.bias.value)

    def backward(self, gradient: Real) -> Real:
        gradient = self._through_activation(gradient)
        self.weights.gradient = np.einsum("nhwc,nhwckl->klc", gradient, self._windows)[np.newaxis]
        return self._fold(np.einsum("nhwc,klc->nhwckl", gradient, self.weights.value[0]))


class Dense(_Weighted):
    """Matrix product; weights ``[outputs, inputs]``."""

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, relu: bool = False) -> None:
        super().__init__(rng.normal(0, np.sqrt(2 / inputs), (outputs, inputs)), outputs, relu)
        self._input: Real

    def forward(self, x: Real) -> Real:
        self._input = x
        return self._activate(x @ self.weights.value.T + self.bias.value)

    def backward(self, gradient: Real) -> Real:
        gradient = self._through_activation(gradient)
        self.weights.gradient = gradient.T @ self._input
        return gradient @ self.weights.value


class AveragePool(Layer):
    """The mean of each window of ``size x size``, without overlap; `size` divides the input's height and width."""

    def __init__(self, size: int) -> None:
        self.size = size

    def forward(self, x: Real) -> Real:
        batch, height, width, channels = x.shape
        blocks = x.reshape(batch, height // self.size, self.size, width // self.size, self.size, channels)
        self.output = blocks.mean(axis=(2, 4))
        return self.output

    def backward(self, gradient: Real) -> Real:
        spread = gradient.repeat(self.size, axis=1).repeat(self.size, axis=2)
        result: Real = spread / (self.size * self.size)
        return result


class Flatten(Layer):
    """All elements of an image in one row."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...]

    def forward(self, x: Real) -> Real:
        self._shape = x.shape
        self.output = x.reshape(len(x), -1)
        return self.output

    def backward(self, gradient: Real) -> Real:
        return gradient.reshape(self._shape)


class Residual(Layer):
    """The input plus what `inner` layers make of it."""

    def __init__(self, *inner: Layer) -> None:
        self.inner = inner

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(parameter for layer in self.inner for parameter in layer.parameters)

    def forward(self, x: Real) -> Real:
        y = x
        for layer in self.inner:
            y = layer.forward(y)
        self.output = x + y
        return self.output

    def backward(self, gradient: Real) -> Real:
        inner = gradient
        for layer in reversed(self.inner):
            inner = layer.backward(inner)
        return gradient + inner
