"""TensorFlow Lite's reference kernels, as the judge of what an operation's exact result is."""

from collections.abc import Sequence
from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from npu_hal.api import Array, Graph
from tests.tflite_models import write_model


def run_file(model: bytes, inputs: Sequence[Array]) -> list[NDArray[Any]]:
    """The outputs of a .tflite file under BUILTIN_REF, one thread; RuntimeError or ValueError if it refuses."""
    interpreter = Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def run_graph(graph: Graph, inputs: Sequence[Array]) -> list[NDArray[Any]]:
    """The outputs of a graph under BUILTIN_REF; ValueError for what the file format cannot express."""
    return run_file(write_model(graph), inputs)
