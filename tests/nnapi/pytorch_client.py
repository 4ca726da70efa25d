"""Runs PyTorch modules eagerly and through NNAPI; prints for each how far the results are apart, as JSON.

A process of its own, since PyTorch looks libneuralnetworks.so up with the loader, by LD_LIBRARY_PATH.
"""

# mypy: disable-error-code="misc"
# PyTorch is not there for the type checker, so that its classes are of no known type.

import importlib.util
import json
import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.backends._nnapi.prepare import convert_model_to_nnapi

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "pytorch_nnapi.py"


def example() -> ModuleType:
    """The documented example, whose networks are tested too."""
    spec = importlib.util.spec_from_file_location("pytorch_nnapi", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Function(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


class InvertedResidual(nn.Module):
    """MobileNetV2's block with batch normalisation, which freezing folds into the convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.has_shortcut = stride == 1 and inputs == outputs
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()]
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layers(x)
        return x + y if self.has_shortcut else y


class MobileNetV2(nn.Module):
    """MobileNetV2 of width 0.35, 17 blocks: (expansion, channels, repetitions, stride)."""

    BLOCKS = ((1, 8, 1, 1), (6, 8, 2, 2), (6, 16, 3, 2), (6, 24, 4, 2), (6, 32, 3, 1), (6, 56, 3, 2), (6, 112, 1, 1))

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
        channels = 16
        for expansion, outputs, repetitions, stride in self.BLOCKS:
            for repetition in range(repetitions):
                layers.append(InvertedResidual(channels, outputs, stride if repetition == 0 else 1, expansion))
                channels = outputs
        layers += [nn.Conv2d(channels, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU6()]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(256, 100)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        result: torch.Tensor = self.classifier(x.flatten(1))
        return result


def folded(network: nn.Module) -> nn.Module:
    """The network with batch normalisations folded into the convolutions before them, as PyTorch's converter wants."""
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            children = list(module.named_children())
            for (first_name, first), (second_name, second) in pairwise(children):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    fused = nn.utils.fusion.fuse_conv_bn_eval(first.eval(), second.eval())
                    setattr(module, first_name, fused)
                    setattr(module, second_name, nn.Identity())
    return network


def lively(network: nn.Module) -> nn.Module:
    """The network with weights that keep the spread of values from layer to layer, so that results depend on inputs."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    return network


def modules() -> dict[str, tuple[nn.Module, tuple[torch.Tensor, ...]]]:
    """Modules of float tensors, with inputs; images are NHWC unless the name says NCHW."""
    shown = example()
    nhwc = shown.channels_last
    image = nhwc(torch.rand(1, 3, 32, 32) - 0.5)
    plain = torch.rand(1, 3, 32, 32) - 0.5
    matrix = torch.rand(2, 6) * 4 - 2
    return {
        "example": (lively(shown.MobileNet()), (nhwc(torch.rand(1, 3, 64, 64)),)),
        "mobilenet_v2": (folded(lively(MobileNetV2()).eval()), (nhwc(torch.rand(1, 3, 96, 96)),)),
        "convolution_nchw": (nn.Conv2d(3, 4, 3, 2, 1), (plain,)),
        "depthwise_nchw": (nn.Conv2d(3, 3, 3, padding=1, groups=3), (plain,)),
        "prelu": (nn.PReLU(3), (image,)),
        "prelu_nchw": (nn.PReLU(), (plain,)),
        "max_pool": (nn.MaxPool2d(2), (image,)),
        "average_pool": (nn.AvgPool2d(3, 2), (image,)),
        "average_pool_nchw": (nn.AvgPool2d(3, 2), (plain,)),
        "upsample": (nn.UpsamplingNearest2d(scale_factor=2), (image,)),
        "hardtanh": (nn.Hardtanh(-1.0, 1.0), (image,)),
        "sigmoid": (nn.Sigmoid(), (image,)),
        "softmax": (nn.Softmax(1), (matrix,)),
        "log_softmax": (nn.LogSoftmax(1), (matrix,)),
        "linear": (nn.Linear(6, 5), (matrix,)),
        "mean": (Function(lambda x: x.mean((2, 3))), (image,)),
        "mean_kept": (Function(lambda x: x.mean((2, 3), keepdim=True)), (image,)),
        "cat": (Function(lambda x, y: torch.cat([x, y], 1)), (image, nhwc(torch.rand(1, 2, 32, 32)))),
        "multiply": (Function(lambda x, y: x * y), (image, nhwc(torch.rand(1, 3, 32, 32)))),
        "subtract": (Function(lambda x, y: x - y), (matrix, torch.rand(2, 6))),
        "divide": (Function(lambda x, y: x / y), (matrix, torch.rand(2, 6) + 1)),
        "reshape": (Function(lambda x: x.reshape(3, 4)), (matrix,)),
        "unsqueeze": (Function(lambda x: x.unsqueeze(1)), (matrix,)),
        "slice": (Function(lambda x: x[:, 1:5:2]), (matrix,)),
        "two_results": (Function(lambda x, y: (x + y, x - y)), (matrix, torch.rand(2, 6))),
    }


def as_tuple(value: Any) -> tuple[torch.Tensor, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def relative_difference(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    module.eval()
    converted = convert_model_to_nnapi(torch.jit.trace(module, inputs), list(inputs))
    worst = 0.0
    # Twice, for the first call compiles and the second does not; and results have to follow the inputs.
    first = as_tuple(module(*inputs))
    for others in (inputs, (0.5 * inputs[0], *inputs[1:])):
        for x, original in zip(others, inputs, strict=True):
            x.nnapi_nhwc = getattr(original, "nnapi_nhwc", False)
        for actual, expected in zip(as_tuple(converted(*others)), as_tuple(module(*others)), strict=True):
            assert actual.shape == expected.shape
            worst = max(worst, float((actual - expected).abs().max() / expected.abs().max()))
    assert not torch.allclose(first[0], as_tuple(module(*others))[0], rtol=1e-3)
    return worst


def quantized_steps() -> int:
    shown = example()
    image = shown.channels_last(torch.rand(1, 3, 32, 32))
    network = shown.quantized_network(image)
    stored = shown.channels_last(network.quantize(image))
    converted = convert_model_to_nnapi(torch.jit.trace(network.features, stored), [stored])
    actual, expected = converted(stored), network.features(stored)
    assert actual.dtype == expected.dtype == torch.quint8
    assert len(expected.int_repr().unique()) > 50
    return int((actual.int_repr().int() - expected.int_repr().int()).abs().max())


def flexible_difference() -> float:
    """An image of a size that the model leaves open."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU()).eval()
    shown = example()
    template = shown.channels_last(torch.zeros(1, 3, 0, 0))
    traced = torch.jit.trace(network, shown.channels_last(torch.rand(1, 3, 8, 8)))
    converted = convert_model_to_nnapi(traced, [template])
    worst = 0.0
    image = shown.channels_last(torch.rand(1, 3, 11, 14))
    for _ in range(2):
        worst = max(worst, float((converted(image) - network(image)).abs().max()))
    return worst


def main() -> None:
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    results: dict[str, float | str] = {}

    def note(name: str, measure: Callable[[], float]) -> None:
        try:
            results[name] = measure()
        # One module that fails is not to hide what the others come to.
        except Exception as error:
            results[name] = f"{type(error).__name__}: {error}"

    with torch.no_grad():
        for name, (module, inputs) in modules().items():
            note(name, lambda module=module, inputs=inputs: relative_difference(module, inputs))
        note("quantized", quantized_steps)
        note("flexible", flexible_difference)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
