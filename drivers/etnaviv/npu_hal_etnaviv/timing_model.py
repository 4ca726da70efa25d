"""How long jobs should take: a model with stated assumptions, never compared with hardware."""

import math
from dataclasses import dataclass

import numpy as np

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import NNJob


@dataclass(frozen=True, slots=True)
class Rates:
    """What a system on chip gives its NPU: cycles per second, and bytes per second of DRAM traffic."""

    clock: float
    bandwidth: float


RATES = {
    "vipnano-qi.7120.88": Rates(clock=800e6, bandwidth=6.4e9),
    "vipnano-si+.8002.9f": Rates(clock=1000e6, bandwidth=8.0e9),
}
"""Assumed, by variant: the clocks that Amlogic and NXP give for A311D and i.MX 8M Plus, and half of what 32 bits of
LPDDR4 at 3200 and 4000 MT/s carry at best."""

OTHER_RATES = Rates(clock=800e6, bandwidth=6.4e9)
"""Assumed of every other variant."""


def rates_of(core: NpuCore) -> Rates:
    """The assumed rates of a variant."""
    return RATES.get(core.name, OTHER_RATES)


def assumptions(core: NpuCore) -> str:
    """The model in words."""
    rates = rates_of(core)
    return (
        f"a job takes the longer of its multiply-accumulates at {core.nn_core_count} cores x {core.nn_mad_per_core} "
        f"per cycle of {rates.clock / 1e6:.0f} MHz, weights that are zero left out, and of its bytes (images and "
        f"coefficients, each once) at {rates.bandwidth / 1e9:.1f} GB/s of DRAM; starting jobs and waiting for the "
        f"kernel are not counted; clock and bandwidth are assumed, and nothing of this was compared with hardware"
    )


def multiply_accumulates(job: NNJob) -> int:
    """Products of weights that are not the zero point, which the coefficient code leaves out, and input values."""
    positions = job.convolved_size.width * job.convolved_size.height
    return int(np.count_nonzero(job.weights != job.weight_zero_point)) * positions


def nn_seconds(job: NNJob, byte_count: int, core: NpuCore) -> float:
    """Estimated seconds of an NN job; each core computes whole output channels, so some may have nothing to do."""
    channels = job.output_size.channels
    used = channels / (math.ceil(channels / core.nn_core_count) * core.nn_core_count)
    per_cycle = core.nn_core_count * core.nn_mad_per_core * used
    compute = multiply_accumulates(job) / per_cycle / rates_of(core).clock
    return max(compute, transfer_seconds(byte_count, core))


def transfer_seconds(byte_count: int, core: NpuCore) -> float:
    """Estimated seconds of moving bytes to or from DRAM, which is all that a TP job does."""
    return byte_count / rates_of(core).bandwidth
