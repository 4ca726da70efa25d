"""Running graphs through generated kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import OpResolverType
from numpy.typing import NDArray

from npu_hal.api import Array, Graph
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.tiers import TIERS, runs_here
from tests.litert import reference_interpreter, run_interpreter
from tests.tflite_models import write_model

USABLE_TIERS = [tier.name for tier in TIERS if runs_here(tier)]


def run_jit(graph: Graph, inputs: Sequence[Array], **options: str) -> list[NDArray[Any]]:
    """The graph's outputs; the options are those of `create_subgraph`, on one thread unless told."""
    outputs = [np.full(tensor.shape, 77, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with create_subgraph(graph, {"threads": "1", **options}) as subgraph:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs


def run_xnnpack(graph: Graph, inputs: Sequence[Array], threads: int = 1) -> list[NDArray[Any]]:
    """The outputs of LiteRT's default interpreter, which must hand the whole graph to XNNPACK."""
    interpreter = reference_interpreter(write_model(graph), threads, resolver=OpResolverType.AUTO)
    run = [details["op_name"] for details in interpreter._get_ops_details()]
    assert run[-1] == "DELEGATE", f"XNNPACK does not take {graph.operations[0].kind}"
    return run_interpreter(interpreter, inputs)
