"""Entry points of the level: whether it works here, and graphs to subgraphs."""

import importlib.util
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from npu_hal.api import Graph, InvalidOption, OutOfDeviceMemory, Support
from npu_hal_software.jit.compiler import load_kernels
from npu_hal_software.jit.elf_object import may_execute
from npu_hal_software.jit.lowering.select import lower_operation
from npu_hal_software.jit.lowering.transpose_sinking import sink_transpositions
from npu_hal_software.jit.program import Program
from npu_hal_software.jit.requantise import Rounding
from npu_hal_software.jit.subgraph import JitSubgraph
from npu_hal_software.jit.tiers import Tier, choose_tier, machine_name

ROUNDINGS = ("exact", "xnnpack")
_MACHINES = ("x86_64", "aarch64")
_MAX_THREADS = 64


def available() -> Support:
    """Whether code can be generated and run on this machine, or the reason why not."""
    if machine_name() not in _MACHINES:
        return Support.no(f"kernels are generated for {' and '.join(_MACHINES)}, and this is {machine_name()}")
    if importlib.util.find_spec("llvmlite") is None:
        return Support.no("llvmlite is not installed; install npu-hal[jit]")
    if not may_execute():
        return Support.no("this system does not let memory be made executable")
    return Support.yes()


def subgraph_compiler(options: Mapping[str, str] | None = None) -> Callable[[Graph], JitSubgraph]:
    """What compiles graphs with these options: `threads`, `tier` and `rounding`, each auto or exact if left out.

    threads: a number, or auto for the cores of the affinity mask. tier: the name of an instruction-set tier, or auto.
    rounding: exact (bit for bit TensorFlow Lite's reference kernels) or xnnpack (XNNPACK's results). Raises
    `InvalidOption`.
    """
    options = options or {}
    tier = choose_tier(options.get("tier", "auto"))
    rounding = options.get("rounding", "exact")
    if rounding not in ROUNDINGS:
        raise InvalidOption(f"rounding cannot be {rounding!r}; it is one of: {', '.join(ROUNDINGS)}")
    threads = parse_threads(options.get("threads", "auto"))
    return partial(_compile, tier=tier, rounding=cast(Rounding, rounding), threads=threads)


def create_subgraph(graph: Graph, options: Mapping[str, str] | None = None) -> JitSubgraph:
    """Compile a graph whose operations the reference level defines; see `subgraph_compiler`."""
    return subgraph_compiler(options)(graph)


def _compile(graph: Graph, *, tier: Tier, rounding: Rounding, threads: int) -> JitSubgraph:
    rewritten, positions = sink_transpositions(graph)
    program = Program(rewritten, tier, rounding, threads)
    try:
        kernels = load_kernels(tier, rounding)
        for position, operation in zip(positions, rewritten.operations, strict=True):
            program.position = position
            lower_operation(program, operation, f"operation {position} ({operation.kind})")
        linked = program.link()
    except MemoryError as error:
        raise OutOfDeviceMemory(f"graph {graph.name!r} needs more memory than this machine gives: {error}") from None
    return JitSubgraph(graph, linked, kernels, threads)


def parse_threads(text: str) -> int:
    """The number of threads that an option asks for; `InvalidOption` if it is none."""
    if text == "auto":
        return min(len(os.sched_getaffinity(0)), _MAX_THREADS)
    # Very long numbers cannot even be converted.
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= _MAX_THREADS:
        raise InvalidOption(f"threads cannot be {text!r}; it is auto or a number from 1 to {_MAX_THREADS}")
    return int(text)
