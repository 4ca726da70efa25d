"""The emulated NPU: it runs a command stream on the buffers of a submit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.coefficient_cache import CoefficientCache
from npu_hal_etnaviv.emulator.command_parser import JobCommand, JobKind, parse_jobs
from npu_hal_etnaviv.emulator.faults import COMMAND_STREAM, Place
from npu_hal_etnaviv.emulator.memory import SubmitMemory, SubmittedBuffer
from npu_hal_etnaviv.emulator.nn_descriptor import NnDescriptor, read_nn_descriptor
from npu_hal_etnaviv.emulator.nn_job import nn_place, run_nn_job
from npu_hal_etnaviv.emulator.tp_job import TpDescriptor, read_tp_descriptor, run_tp_job
from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG, NN_CONFIG_ALIGNMENT
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.hardware.registers import Register
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG, TP_CONFIG_ALIGNMENT


class EmulatedNpu:
    """One core. It knows nothing but the words and buffers of a submit; decoded coefficients are kept for speed."""

    def __init__(self, core: NpuCore) -> None:
        self.core = core
        self._cache = CoefficientCache(core)

    def run(self, words: NDArray[np.uint32], buffers: Sequence[SubmittedBuffer]) -> None:
        """Run a stream (uint32, shape [n]) to its end.

        All configs are read and checked before the first job runs. Raises NpuFault, and leaves the outputs of the
        jobs before the fault as they are then.
        """
        memory = SubmitMemory(buffers)
        jobs = [(command, self._read_config(command, memory)) for command in parse_jobs(words)]
        for command, descriptor in jobs:
            if isinstance(descriptor, NnDescriptor):
                run_nn_job(descriptor, memory, self._cache, command.name)
            else:
                run_tp_job(descriptor, memory, command.name)

    def _read_config(self, command: JobCommand, memory: SubmitMemory) -> NnDescriptor | TpDescriptor:
        """The checked config of a job; its bytes and those of its coefficients are constants from now on."""
        if command.kind is JobKind.NN:
            register, layout, alignment = Register.PS_NN_INST_ADDR, NN_CONFIG, NN_CONFIG_ALIGNMENT
        else:
            register, layout, alignment = Register.PS_TP_INST_ADDR, TP_CONFIG, TP_CONFIG_ALIGNMENT
        name, address = command.name, command.config_address
        place = Place(name, COMMAND_STREAM, command.word, register.name)
        # A copy: a job must not change the config of a later one, and a stray write to it faults all the same.
        config = memory.read(address, layout.byte_count, place, alignment).copy().view("<u4")
        memory.declare_constant(address, layout.byte_count, f"the config of {name}")
        if command.kind is JobKind.TP:
            return read_tp_descriptor(config, self.core, name)
        descriptor = read_nn_descriptor(config, self.core, name)
        used = self._cache.used_bytes(descriptor, memory, nn_place(name, "kernel_address"))
        memory.declare_constant(descriptor.coefficient_address, used.size, f"the coefficients of {name}")
        return descriptor
