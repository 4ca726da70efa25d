"""Config fields that Mesa sets in another way."""

from collections.abc import Mapping

from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.mesa_compatibility.job import MesaJob

CUT_FIELDS = (
    "in_image_x_size",
    "in_image_y_size",
    "out_image_x_size",
    "out_image_y_size",
    "out_image_x_stride",
    "out_image_y_stride",
)


def with_mesa_fields(fields: Mapping[str, int], job: MesaJob, core: NpuCore) -> dict[str, int]:
    """The fields as Mesa sets them.

    Sizes beyond 13 bits lose their upper bits, and the output's strides with them. A depthwise convolution of one
    channel is marked as one on V8, although its kernel is dense.
    """
    changed = dict(fields)
    for name in CUT_FIELDS:
        changed[name] &= NN_CONFIG.field("in_image_x_size").maximum
    if core.generation == 8:
        changed["depthwise"] = int(job.is_depthwise)
    return changed
