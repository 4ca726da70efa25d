"""Every shared model runs, and gives what TensorFlow Lite's reference kernels give."""

from pathlib import Path

import pytest

from npu_hal.api import InvalidModel, UnsupportedOperation
from npu_hal.stateful import ModelExecutor
from npu_hal.tflite import read_model
from tests.litert import reference_interpreter, run_interpreter

from .shared_models import (
    NOT_EXPRESSIBLE,
    assert_as_exact_as_promised,
    model_paths,
    random_inputs,
    readable_bytes,
)

# BUILTIN_REF takes minutes for these.
SLOW = {"superres/edsr_f32b5_full_qint8.tflite"}
RUNNABLE = [
    pytest.param(path, marks=pytest.mark.slow) if path in SLOW else path
    for path in model_paths()
    if path not in NOT_EXPRESSIBLE
]


@pytest.mark.parametrize("path", RUNNABLE)
def test_outputs_are_those_of_the_reference_kernels(shared: Path, path: str) -> None:
    file = shared / "models" / path
    model = read_model(file)
    interpreter = reference_interpreter(readable_bytes(file), threads=2)
    with ModelExecutor.open(model, "software") as executor:
        for inputs in random_inputs(model.input_tensors, bool(model.states)):
            assert_as_exact_as_promised(executor.run(inputs), run_interpreter(interpreter, inputs))


@pytest.mark.parametrize("path", NOT_EXPRESSIBLE)
def test_what_cannot_be_expressed_is_said_in_one_message(shared: Path, path: str) -> None:
    with pytest.raises(UnsupportedOperation, match=r"operators are not supported: .*SVDF|.*CUSTOM:Signal") as refusal:
        read_model(shared / "models" / path)
    assert "\n" not in str(refusal.value)
    assert not isinstance(refusal.value, InvalidModel)
