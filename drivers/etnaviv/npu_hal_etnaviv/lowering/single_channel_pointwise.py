"""Rule: a pointwise convolution of one input channel gets a 2x2 kernel."""

from dataclasses import replace

from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.weights.pointwise_single_channel import widen_pointwise_single_channel


def widen_single_channel_pointwise(convolution: Convolution) -> Convolution:
    """Three more taps that are the zero point, which do not change the sums.

    Applies to dense 1x1 kernels over one channel, a case that the NN cores do not take as it is.
    """
    if convolution.form is not KernelForm.DENSE or convolution.weights.shape[1:] != (1, 1, 1):
        return convolution
    weights = widen_pointwise_single_channel(convolution.weights, convolution.weight_zero_point)
    return replace(convolution, weights=weights)
