"""The trained network as an npu_hal graph, stored by one of the quantisation schemes."""

from collections.abc import Sequence

from npu_hal.api import (
    Activation,
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Graph,
    GraphBuilder,
    Padding,
    Quantization,
    Reshape,
    Softmax,
)
from tools.digits.layers import AveragePool, Conv, Dense, Depthwise, Flatten, Layer, Residual
from tools.digits.quantization import Range, Scheme


def export(layers: Sequence[Layer], scheme: Scheme, name: str) -> Graph:
    """The graph of `layers` and a softmax: input ``[1, 8, 8, 1]`` pixels, output ``[1, 10]`` probabilities.

    The layers' last outputs give the ranges of the graph's tensors, so they must have run on calibration data.
    """
    builder = GraphBuilder(name)
    exporter = _Exporter(builder, scheme)
    x = builder.input("image", (1, 8, 8, 1), scheme.dtype, scheme.pixels())
    exporter.quantizations[x] = scheme.pixels()
    for position, layer in enumerate(layers):
        x = exporter.append(layer, x, f"layer{position}")
    probabilities = builder.tensor("probabilities", scheme.dtype, scheme.probabilities())
    builder.append(Softmax(input=x, output=probabilities))
    return builder.build([probabilities])


class _Exporter:
    def __init__(self, builder: GraphBuilder, scheme: Scheme) -> None:
        self.builder = builder
        self.scheme = scheme
        self.quantizations: dict[int, Quantization | None] = {}

    def append(self, layer: Layer, x: int, name: str) -> int:
        """Append the operations of `layer`; the index of its output."""
        match layer:
            case Conv() | Depthwise():
                return self._convolution(layer, x, name)
            case Dense():
                weights, bias = self._constants(layer, x, None, name)
                y = self._computed(layer, name)
                self.builder.append(
                    FullyConnected(input=x, weights=weights, bias=bias, output=y, activation=_activation(layer))
                )
                return y
            case AveragePool():
                y = self._same_values(x, name)
                size = layer.size
                self.builder.append(
                    AveragePool2D(
                        input=x,
                        output=y,
                        filter_height=size,
                        filter_width=size,
                        stride_height=size,
                        stride_width=size,
                        padding=Padding.VALID,
                    )
                )
                return y
            case Flatten():
                y = self._same_values(x, name)
                self.builder.append(Reshape(input=x, output=y, shape=(1, layer.output.shape[1])))
                return y
            case Residual():
                inner = x
                for position, part in enumerate(layer.inner):
                    inner = self.append(part, inner, f"{name}.{position}")
                y = self._computed(layer, name)
                self.builder.append(Add(lhs=x, rhs=inner, output=y))
                return y
        raise ValueError(f"no operation for a layer {type(layer).__name__}")

    def _convolution(self, layer: Conv | Depthwise, x: int, name: str) -> int:
        kind, channel_axis = (Conv2D, 0) if isinstance(layer, Conv) else (DepthwiseConv2D, 3)
        weights, bias = self._constants(layer, x, channel_axis, name)
        y = self._computed(layer, name)
        self.builder.append(
            kind(
                input=x,
                filter=weights,
                bias=bias,
                output=y,
                stride_height=layer.stride,
                stride_width=layer.stride,
                padding=Padding.SAME,
                activation=_activation(layer),
            )
        )
        return y

    def _constants(
        self, layer: Conv | Depthwise | Dense, x: int, channel_axis: int | None, name: str
    ) -> tuple[int, int]:
        """Add weights and bias; their indices."""
        stored, quantization = self.scheme.weights(layer.weights.value, channel_axis)
        weights = self.builder.constant(f"{name}/weights", stored, quantization)
        stored, quantization = self.scheme.bias(layer.bias.value, self.quantizations[x], quantization)
        return weights, self.builder.constant(f"{name}/bias", stored, quantization)

    def _computed(self, layer: Layer, name: str) -> int:
        return self._tensor(name, self.scheme.activation(Range.of(layer.output)))

    def _same_values(self, x: int, name: str) -> int:
        """Add the output of an operation that only picks or averages values, and so keeps their quantisation."""
        return self._tensor(name, self.quantizations[x])

    def _tensor(self, name: str, quantization: Quantization | None) -> int:
        index = self.builder.tensor(name, self.scheme.dtype, quantization)
        self.quantizations[index] = quantization
        return index


def _activation(layer: Conv | Depthwise | Dense) -> Activation:
    return Activation.RELU if layer.relu else Activation.NONE
