"""Running graphs through generated kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Graph
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.tiers import TIERS, runs_here

USABLE_TIERS = [tier.name for tier in TIERS if runs_here(tier)]


def run_jit(graph: Graph, inputs: Sequence[Array], **options: str) -> list[NDArray[Any]]:
    """The graph's outputs; the options are those of `create_subgraph`, on one thread unless told."""
    outputs = [np.full(tensor.shape, 77, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with create_subgraph(graph, {"threads": "1", **options}) as subgraph:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs
