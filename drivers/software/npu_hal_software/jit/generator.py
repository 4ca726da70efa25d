"""The whole module of kernels for one tier and rounding."""

from npu_hal_software.jit.arg_extremum import emit_arg_extremum
from npu_hal_software.jit.conversion import emit_conversion
from npu_hal_software.jit.data_movement import emit_data_movement
from npu_hal_software.jit.depthwise import emit_depthwise
from npu_hal_software.jit.depthwise_flat import emit_depthwise_flat
from npu_hal_software.jit.dispatcher import emit_dispatcher
from npu_hal_software.jit.elementwise import emit_elementwise
from npu_hal_software.jit.extremum import emit_extremum
from npu_hal_software.jit.gemm import emit_gemm
from npu_hal_software.jit.ir import Module
from npu_hal_software.jit.kernel import KernelContext
from npu_hal_software.jit.lookup_table import emit_lookup_table
from npu_hal_software.jit.lstm import emit_lstm
from npu_hal_software.jit.numbers import emit_numbers
from npu_hal_software.jit.pooling import emit_pooling
from npu_hal_software.jit.requantise import Rounding, requantiser_for
from npu_hal_software.jit.resize import emit_resize
from npu_hal_software.jit.slices import emit_look_up_slices
from npu_hal_software.jit.softmax import emit_softmax
from npu_hal_software.jit.tiers import Tier, machine_name
from npu_hal_software.jit.transpose import emit_transpose


def generate_module(tier: Tier, rounding: Rounding) -> str:
    """LLVM assembly of every kernel and the entry point."""
    context = KernelContext(Module(), tier, requantiser_for(rounding, tier))
    kernels = [
        emit_gemm(context),
        *emit_depthwise(context),
        emit_depthwise_flat(context),
        *emit_elementwise(context),
        *emit_pooling(context),
        emit_lookup_table(context),
        emit_softmax(context),
        *emit_data_movement(context),
        *emit_resize(context),
        *emit_conversion(context),
        emit_arg_extremum(context),
        emit_extremum(context),
        emit_transpose(context),
        emit_lstm(context),
        emit_numbers(context),
        emit_look_up_slices(context),
    ]
    emit_dispatcher(context.module, kernels, tier.machine or machine_name())
    return context.module.text
