"""Which stride-2 convolutions Mesa rearranges, and which it pools (hardware note, section 3)."""

from dataclasses import dataclass

from npu_hal_etnaviv.hardware.npu_core import NpuCore


@dataclass(frozen=True, slots=True)
class StridedConvolution:
    """What the rules look at; rows and channels are the input tensor's."""

    rows: int
    channels: int
    is_depthwise: bool
    is_pointwise: bool
    is_same: bool


def is_rearranged(convolution: StridedConvolution, core: NpuCore) -> bool:
    """Whether a TP job does space-to-depth before the convolution."""
    c = convolution
    if core.generation == 7:
        return not c.is_pointwise and not (c.is_depthwise and (c.rows > 5 or c.rows < 3))
    return (
        not c.is_depthwise
        and not (c.is_pointwise and c.rows >= 3 and c.channels > 1)
        and not (c.is_pointwise and c.is_same)
    )


def is_pooled(convolution: StridedConvolution, core: NpuCore) -> bool:
    """Whether the NN job keeps the first pixel of each 2x2; where not, its weights are rewritten."""
    c = convolution
    if c.is_depthwise:
        return core.generation == 8 or not 2 < c.rows < 8
    if core.generation == 7:
        return c.is_pointwise
    return c.is_pointwise and ((c.rows >= 3 and c.channels > 1) or c.is_same)
