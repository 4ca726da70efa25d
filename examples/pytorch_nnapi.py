"""Run PyTorch models through NNAPI, on Linux, with npu-hal behind it.

PyTorch opens libneuralnetworks.so by name, so the loader has to find npu-hal's::

    pip install 'npu-hal[torch]'
    LD_LIBRARY_PATH=$(npu-hal nnapi-path) python examples/pytorch_nnapi.py

TEFLON_DRIVER and TEFLON_DEVICE choose what runs the models, as everywhere in npu-hal; the CPU runs what that refuses.
The program compares with PyTorch's own results for a float and a quantised network, of random weights.
"""

import torch
from torch import nn
from torch.backends._nnapi.prepare import convert_model_to_nnapi


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, filter by channel, project; with a shortcut where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.has_shortcut = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, hidden, 1),
            nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, outputs, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x)
        return x + y if self.has_shortcut else y


class MobileNet(nn.Module):
    """A small network after MobileNetV2."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.ReLU6(),
            InvertedResidual(16, 16, 1, 4),
            InvertedResidual(16, 24, 2, 4),
            InvertedResidual(24, 24, 1, 4),
            nn.Conv2d(24, 64, 1),
            nn.ReLU6(),
        )
        self.classifier = nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(x.flatten(1))


class QuantizedNet(nn.Module):
    """Convolutions and an activation, of quint8 tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.quantize = torch.ao.quantization.QuantStub()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU(), nn.Conv2d(16, 8, 3, 2, 1))
        self.dequantize = torch.ao.quantization.DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequantize(self.features(self.quantize(x)))


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """NNAPI's images are NHWC; the converter wants to be told that a tensor is."""
    x = x.contiguous(memory_format=torch.channels_last)
    x.nnapi_nhwc = True
    return x


def quantized_network(image: torch.Tensor) -> nn.Module:
    """A network quantised as qnnpack wants it: one scale a tensor."""
    torch.backends.quantized.engine = "qnnpack"
    network = QuantizedNet().eval()
    network = torch.ao.quantization.fuse_modules(network, [["features.0", "features.1"]])
    network.qconfig = torch.ao.quantization.get_default_qconfig("qnnpack")
    prepared = torch.ao.quantization.prepare(network)
    prepared(image)
    return torch.ao.quantization.convert(prepared)


def compare_float() -> None:
    """Convert and run the float network."""
    network = MobileNet().eval()
    image = channels_last(torch.rand(1, 3, 64, 64))
    converted = convert_model_to_nnapi(torch.jit.trace(network, image), [image])
    expected = network(image)
    difference = (converted(image) - expected).abs().max() / expected.abs().max()
    print(f"float: relative difference {difference:.1e}")


def compare_quantized() -> None:
    """Convert and run the quantised network."""
    image = channels_last(torch.rand(1, 3, 32, 32))
    network = quantized_network(image)
    stored = channels_last(network.quantize(image))
    converted = convert_model_to_nnapi(torch.jit.trace(network.features, stored), [stored])
    steps = (converted(stored).int_repr().int() - network.features(stored).int_repr().int()).abs().max()
    print(f"quantised: differs by {steps} step(s) at most")


def main() -> None:
    """Compare both."""
    torch.manual_seed(0)
    with torch.no_grad():
        compare_float()
        compare_quantized()


if __name__ == "__main__":
    main()
