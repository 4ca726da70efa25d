"""Rule: a depthwise convolution on a core without native support, or of one channel, is a dense one."""

from dataclasses import replace

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.convolution import Convolution


def without_native_depthwise(convolution: Convolution, core: NpuCore) -> Convolution:
    """Kernels that read one channel of their own become dense ones in which all other taps are the zero point.

    Applies to depthwise convolutions on V7, and to those of one channel, which are dense already, on both.
    """
    if convolution.form is not KernelForm.DEPTHWISE:
        return convolution
    if convolution.output_size.channels == 1:
        return replace(convolution, form=KernelForm.DENSE)
    if core.has_native_depthwise:
        return convolution
    return replace(convolution, form=KernelForm.DIAGONAL)
