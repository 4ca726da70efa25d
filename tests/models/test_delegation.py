"""Every shared model through the delegate: all operators but stateful ones taken over, and the same results."""

from pathlib import Path

import pytest

import teflon
from npu_hal.tflite import read_model
from tests.litert import reference_interpreter, run_interpreter

from .shared_models import (
    NOT_EXPRESSIBLE,
    assert_as_exact_as_promised,
    model_paths,
    random_inputs,
    readable_bytes,
)
from .test_exactness import SLOW

# Keep something between inferences, which stays with the runtime.
STATEFUL = {"audio/dtln_noise_suppression.tflite", "audio/mww_v2_okay_nabu.tflite"}


@pytest.mark.parametrize("path", [path for path in model_paths() if path not in {*NOT_EXPRESSIBLE, *SLOW}])
def test_models_run_on_the_delegate(shared: Path, path: str) -> None:
    file = shared / "models" / path
    data = readable_bytes(file)
    model = read_model(file)
    expected = reference_interpreter(data, threads=2)
    with teflon.Delegate("software") as delegate:
        interpreter = reference_interpreter(data, delegates=[delegate])
        assert delegate.report is not None
        if path not in STATEFUL:
            assert dict(delegate.report.refusals) == {}
            assert len(delegate.report.partitions) == 1
        for inputs in random_inputs(model.input_tensors, bool(model.states)):
            assert_as_exact_as_promised(run_interpreter(interpreter, inputs), run_interpreter(expected, inputs))
        del interpreter


@pytest.mark.parametrize("path", sorted(STATEFUL - {"audio/mww_v2_okay_nabu.tflite"}))
def test_recurrent_layers_stay_with_the_runtime(shared: Path, path: str) -> None:
    with teflon.Delegate("software") as delegate:
        reference_interpreter(readable_bytes(shared / "models" / path), delegates=[delegate])
        assert delegate.report is not None
        assert all("keeps state" in reason for reason in delegate.report.refusals.values())
        assert delegate.report.refusals
