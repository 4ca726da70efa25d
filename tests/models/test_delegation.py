"""Every shared model through the delegate: all operators but stateful ones taken over, and the same results."""

from pathlib import Path

import numpy as np
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
# Reshapes by SHAPE, STRIDED_SLICE and PACK.
COMPUTES_SHAPES = "detection/ssd_mobilenet_v2_fpnlite_10_256_int8.tflite"


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


def test_a_model_that_computes_its_shapes_takes_other_batches(shared: Path) -> None:
    data = readable_bytes(shared / "models" / COMPUTES_SHAPES)
    with teflon.Delegate("software") as delegate:
        interpreters = [reference_interpreter(data, delegates=[delegate]), reference_interpreter(data, threads=2)]
        assert delegate.report is not None
        assert [len(nodes) for nodes in delegate.report.partitions] == [219]
        (details,) = interpreters[0].get_input_details()
        limits = np.iinfo(details["dtype"])
        for batch in (2, 1):
            shape = (batch, *details["shape"][1:])
            pixels = np.random.default_rng(batch).integers(limits.min, limits.max, shape, details["dtype"], True)
            for interpreter in interpreters:
                interpreter.resize_tensor_input(details["index"], shape)
                interpreter.allocate_tensors()
            ours, theirs = (run_interpreter(interpreter, [pixels]) for interpreter in interpreters)
            for result, other in zip(ours, theirs, strict=True):
                assert result.shape[0] == batch
                np.testing.assert_array_equal(result, other)
        del interpreter, interpreters


@pytest.mark.parametrize("path", sorted(STATEFUL - {"audio/mww_v2_okay_nabu.tflite"}))
def test_recurrent_layers_stay_with_the_runtime(shared: Path, path: str) -> None:
    with teflon.Delegate("software") as delegate:
        reference_interpreter(readable_bytes(shared / "models" / path), delegates=[delegate])
        assert delegate.report is not None
        assert all("keeps state" in reason for reason in delegate.report.refusals.values())
        assert delegate.report.refusals
