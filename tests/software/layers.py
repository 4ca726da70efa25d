"""Layers written as files, run by the reference level and by TensorFlow Lite's reference kernels."""

from collections.abc import Sequence

from npu_hal.api import Array, Graph
from npu_hal.stateful import ModelExecutor
from npu_hal.tflite import read_model
from tests.litert import reference_interpreter, run_interpreter
from tests.software.checks import assert_same
from tests.tflite_layers import write_layer


def assert_layer_matches_tflite(graph: Graph, steps: Sequence[Sequence[Array]]) -> None:
    """The file of `graph`, read back, gives at each of `steps` (arrays for its inputs without states) what TFLite does.

    Both sides keep their states between the steps.
    """
    data = write_layer(graph)
    interpreter = reference_interpreter(data)
    with ModelExecutor.open(read_model(data), "software", options={"level": "reference"}) as executor:
        for inputs in steps:
            assert_same(executor.run(inputs), run_interpreter(interpreter, inputs))
