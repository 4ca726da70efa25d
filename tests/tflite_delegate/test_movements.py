"""Operators that take tensors apart and put them together, in the delegate, against the reference kernels."""

import numpy as np
import pytest

import teflon

from ..tflite.graphs import small_graph
from ..tflite.graphs_of_movements import GRAPHS_OF_MOVEMENTS
from ..tflite_models import write_model
from .runtime import expected, open_model, random_inputs, run


@pytest.mark.parametrize("name", GRAPHS_OF_MOVEMENTS)
def test_options_reach_the_driver(name: str) -> None:
    data = write_model(small_graph(name))
    with teflon.Delegate(driver="software") as delegate:
        interpreter = open_model(data, delegate)
        interpreter.allocate_tensors()
        assert delegate.report is not None
        assert dict(delegate.report.refusals) == {}
        inputs = random_inputs(interpreter, seed=1)
        for ours, theirs in zip(run(interpreter, inputs), expected(data, inputs), strict=True):
            if theirs.dtype.kind == "f":
                np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(ours, theirs)
        del interpreter
