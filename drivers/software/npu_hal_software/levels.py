"""The levels of the software driver: two ways to compute the same results."""

import importlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import ModuleType

from npu_hal.api import Graph, InvalidOption, Subgraph
from npu_hal_software.subgraph import ReferenceSubgraph

SubgraphCompiler = Callable[[Graph], Subgraph]

JIT_MODULE = "npu_hal_software.jit"


class Level(StrEnum):
    """How operations are computed."""

    AUTO = "auto"
    REFERENCE = "reference"
    JIT = "jit"


def compiler_for(level: Level, options: Mapping[str, str]) -> SubgraphCompiler:
    """What compiles graphs at `level` with the driver's options, which are complete.

    Raises `InvalidOption` if machine code is asked for and cannot be generated, or an option has no such value.
    """
    generator, reason = (None, "level reference has none") if level is Level.REFERENCE else _code_generator()
    if generator is not None:
        compiler: SubgraphCompiler = generator.subgraph_compiler(options)
        return compiler
    if options.get("rounding", "exact") != "exact":
        raise InvalidOption(
            f"rounding {options['rounding']} of driver software needs machine code, but {reason}; or leave it at exact"
        )
    if level is Level.JIT:
        raise InvalidOption(f"level jit of driver software cannot be used: {reason}; or use level auto or reference")
    return ReferenceSubgraph


def _code_generator() -> tuple[ModuleType | None, str]:
    """The code generator, or why it does not work on this machine."""
    try:
        jit = importlib.import_module(JIT_MODULE)
    except ModuleNotFoundError as error:
        if error.name in (JIT_MODULE, "llvmlite"):
            return None, "llvmlite is not installed; install npu-hal[jit]"
        raise
    support = jit.available()
    return (jit, "") if support else (None, support.reason)
