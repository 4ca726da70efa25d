"""RELU, RELU6 and QUANTIZE."""

from npu_hal.api import Activation, Graph, Quantize, Relu, Relu6, Tensor
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.rescaling import rescaling_factor
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.common import require_activation, require_flat_image, require_image, require_rescale


def check_relu(operation: Relu | Relu6, graph: Graph, core: NpuCore) -> None:
    """A clamp that the NN unit does."""
    activation = Activation.RELU if isinstance(operation, Relu) else Activation.RELU6
    check_rescaling(graph.tensors[operation.input], graph.tensors[operation.output], core)
    require_activation(activation, graph, operation.output)


def check_quantize(operation: Quantize, graph: Graph, core: NpuCore) -> None:
    """From one 8-bit quantisation to another."""
    check_rescaling(graph.tensors[operation.input], graph.tensors[operation.output], core)


def check_rescaling(source: Tensor, target: Tensor, core: NpuCore) -> None:
    """A job that brings `source` to the quantisation of `target`."""
    require_image(source)
    require_image(target)
    require_flat_image(source)
    scales = unsigned_quantization(source).scale, unsigned_quantization(target).scale
    require_rescale(rescaling_factor(*scales), core)
