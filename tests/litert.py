"""TensorFlow Lite's reference kernels, as the judge of what an operation's exact result is."""

from collections.abc import Sequence
from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from npu_hal.api import Array, Graph
from tests.tflite_models import write_model

# BUILTIN_REF has no kernel for ELU, and its kernel for 8-bit SUM takes zero points for unsigned numbers: the sum of -95
# and 87 with scale 1 and zero point -128 is -1 there, not 120. The default resolver's are right.
WITHOUT_REFERENCE_KERNEL = frozenset({"ELU", "SUM"})


def reference_interpreter(
    model: bytes,
    threads: int = 1,
    delegates: Any = None,
    resolver: OpResolverType = OpResolverType.BUILTIN_REF,
) -> Any:
    """An interpreter with BUILTIN_REF, ready to run; RuntimeError or ValueError if it refuses the model."""
    interpreter = Interpreter(
        model_content=model,
        num_threads=threads,
        experimental_op_resolver_type=resolver,
        experimental_delegates=delegates,
    )
    interpreter.allocate_tensors()
    return interpreter


def run_interpreter(interpreter: Any, inputs: Sequence[Array]) -> list[NDArray[Any]]:
    """Copies of the outputs of one inference."""
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def run_file(
    model: bytes, inputs: Sequence[Array], resolver: OpResolverType = OpResolverType.BUILTIN_REF
) -> list[NDArray[Any]]:
    """The outputs of a .tflite file, one thread; RuntimeError or ValueError if it refuses."""
    return run_interpreter(reference_interpreter(model, resolver=resolver), inputs)


def run_graph(graph: Graph, inputs: Sequence[Array]) -> list[NDArray[Any]]:
    """The outputs of a graph under BUILTIN_REF; ValueError for what the file format cannot express.

    Kinds that it has no right kernels for run on the default ones, without delegates.
    """
    if any(operation.kind in WITHOUT_REFERENCE_KERNEL for operation in graph.operations):
        return run_file(write_model(graph), inputs, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    return run_file(write_model(graph), inputs)
