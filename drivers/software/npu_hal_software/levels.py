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
    jit = None if level is Level.REFERENCE else _jit()
    if jit is not None:
        compiler: SubgraphCompiler = jit.subgraph_compiler(options)
        return compiler
    if options.get("rounding", "exact") != "exact":
        raise InvalidOption(
            f"rounding {options['rounding']} of driver software needs machine code, and the level in use is "
            "reference; leave rounding at exact, or choose level jit"
        )
    if level is Level.JIT:
        raise InvalidOption(
            "level jit of driver software needs llvmlite on a machine that it generates code for; "
            "install npu-hal[jit], or use level auto or reference"
        )
    return ReferenceSubgraph


def _jit() -> ModuleType | None:
    """The code generator, if it is installed and works on this machine."""
    try:
        jit = importlib.import_module(JIT_MODULE)
    except ModuleNotFoundError as error:
        if error.name in (JIT_MODULE, "llvmlite"):
            return None
        raise
    return jit if jit.available() else None
