"""The levels of the software driver: two ways to compute the same results."""

import importlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
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
    """What compiles graphs at `level`; `InvalidOption` if machine code is asked for and cannot be generated."""
    if level is Level.REFERENCE:
        return ReferenceSubgraph
    jit = _jit()
    if jit is not None:
        return partial(jit.create_subgraph, options=options)
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
