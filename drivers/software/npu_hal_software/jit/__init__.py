"""The fast level of the software driver: kernels generated with LLVM for the CPU at hand.

Needs llvmlite. `create_subgraph` compiles a graph; kernels are generic in shapes and parameters, so that machine code
is generated once per machine and read from a cache from then on.
"""

from npu_hal_software.jit.create import available, create_subgraph, subgraph_compiler

__all__ = ["available", "create_subgraph", "subgraph_compiler"]
