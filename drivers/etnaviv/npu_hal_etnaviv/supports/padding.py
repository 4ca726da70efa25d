"""PAD."""

from npu_hal.api import Graph, Pad
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.common import require_image
from npu_hal_etnaviv.supports.limits import LARGEST_WINDOW_END
from npu_hal_etnaviv.supports.refusal import require

IMAGE_RANK = 4


def check_pad(operation: Pad, graph: Graph, core: NpuCore) -> None:
    """Rows and columns around an image."""
    del core
    source, target = graph.tensors[operation.input], graph.tensors[operation.output]
    require_image(source)
    require_image(target)
    require(
        source.rank == IMAGE_RANK and operation.paddings[0] == operation.paddings[3] == (0, 0),
        f"it pads by {[list(pair) for pair in operation.paddings]}, and the NPU pads height and width of images",
    )
    require(
        max(target.shape[1:3]) <= LARGEST_WINDOW_END,
        f"its output is {target.shape[1]}x{target.shape[2]}, and the NPU pads to at most {LARGEST_WINDOW_END}",
    )
    require(
        unsigned_quantization(source) == unsigned_quantization(target),
        "its input and output differ in quantisation, and the NPU pads without rescaling",
    )
