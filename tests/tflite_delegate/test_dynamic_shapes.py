"""Models whose shapes the runtime does not know when it applies the delegate; LiteRT judges the results."""

import gc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

import teflon
from npu_hal.api import Array
from npu_hal.registry import Registry, default_registry
from teflon.callbacks import callbacks
from teflon.tflite_abi import DelegateFlags

from ..core.plugins import entry_point, plugin
from .dynamic_models import branches, fill_and_negate, flatten_by_batch, reshape_to_input
from .probe_driver import ProbeDriver
from .runtime import assert_same_as_reference, chain_model, expected, open_model, random_inputs, run

BATCHES = (1, 5, 2, 2, 1)


def resize(interpreter: Any, shape: Sequence[int]) -> None:
    """Give the first input another shape, and allocate."""
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
    interpreter.allocate_tensors()


def assert_same_when_resized(model: bytes, interpreter: Any, shape: Sequence[int]) -> None:
    resize(interpreter, shape)
    inputs = random_inputs(interpreter, seed=sum(shape))
    theirs = expected(model, inputs, {interpreter.get_input_details()[0]["index"]: shape})
    assert_identical(run(interpreter, inputs), theirs)


def assert_identical(ours: Sequence[Array], theirs: Sequence[Array]) -> None:
    assert len(ours) == len(theirs)
    for result, other in zip(ours, theirs, strict=True):
        assert result.dtype == other.dtype
        np.testing.assert_array_equal(result, other, strict=True)


def test_the_runtime_is_told_that_dynamic_tensors_are_fine(delegate: teflon.Delegate) -> None:
    assert delegate.native.flags == DelegateFlags.ALLOW_DYNAMIC_TENSORS


# Shapes that the file tells of computed tensors may be missing or wrong.
@pytest.mark.parametrize("stored", [None, [1], [7, 7, 7]])
def test_shapes_computed_of_shapes_are_known(
    probe: ProbeDriver, delegate: teflon.Delegate, stored: list[int] | None
) -> None:
    model = flatten_by_batch(stored)
    interpreter = assert_same_as_reference(model, delegate)
    assert delegate.report == teflon.DelegationReport(partitions=((0, 1, 2, 3, 4, 5),), refusals={})
    for batch in BATCHES:
        assert_same_when_resized(model, interpreter, (batch, 3, 4))
    subgraphs = probe.devices[0].subgraphs
    assert [operation.kind for operation in subgraphs[0].graph.operations] == ["RELU", "RESHAPE", "RELU"]
    # Equal shapes in turn are compiled once.
    assert [subgraph.graph.input_tensors[0].shape[0] for subgraph in subgraphs] == [1, 5, 2, 1]
    assert [subgraph.is_closed for subgraph in subgraphs] == [True, True, True, False]


@pytest.mark.parametrize("refused", ["RELU", "RESHAPE"])
@pytest.mark.parametrize("stored", [None, [7, 7, 7]])
def test_what_is_left_to_the_runtime_gets_the_shapes_too(
    probe: ProbeDriver, delegate: teflon.Delegate, stored: list[int] | None, refused: str
) -> None:
    probe.refused = frozenset({refused})
    model = flatten_by_batch(stored)
    interpreter = assert_same_as_reference(model, delegate)
    for batch in BATCHES:
        assert_same_when_resized(model, interpreter, (batch, 3, 4))


def test_shapes_are_computed_where_they_are_read(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    probe.refused = frozenset({"RESHAPE"})
    assert_same_as_reference(flatten_by_batch(), delegate)
    assert delegate.report is not None
    assert delegate.report.partitions == ((0,), (5,))
    assert dict(delegate.report.refusals) == {
        1: "its result is known beforehand, but node 2 STRIDED_SLICE, which is left to the runtime, reads it",
        2: "its result is known beforehand, but node 3 PACK, which is left to the runtime, reads it",
        3: "its result is known beforehand, but node 4 RESHAPE, which is left to the runtime, reads it",
        4: "RESHAPE is not one of this device's",
    }


@pytest.mark.parametrize("outputs", [[8, 6, 3, 5], [3], [6, 5]])
@pytest.mark.parametrize("refused", [frozenset(), frozenset({"RELU"}), frozenset({"RELU", "RESHAPE"})])
def test_shapes_may_be_outputs(
    probe: ProbeDriver, delegate: teflon.Delegate, outputs: list[int], refused: frozenset[str]
) -> None:
    probe.refused = refused
    model = flatten_by_batch(outputs=outputs)
    interpreter = assert_same_as_reference(model, delegate)
    for batch in BATCHES:
        assert_same_when_resized(model, interpreter, (batch, 3, 4))


def test_a_model_that_has_run_before_may_be_delegated(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    model = flatten_by_batch()
    interpreter = open_model(model)
    resize(interpreter, (4, 3, 4))
    interpreter.invoke()
    interpreter._interpreter.ModifyGraphWithDelegate(delegate._get_native_delegate_pointer())
    assert probe.devices[0].subgraphs[0].graph.input_tensors[0].shape == (4, 3, 4)
    for batch in (4, *BATCHES):
        assert_same_when_resized(model, interpreter, (batch, 3, 4))
    del interpreter


@pytest.mark.parametrize("refused", [frozenset(), frozenset({"RELU"}), frozenset({"CONV_2D", "LOGISTIC"})])
@pytest.mark.parametrize("resolver", [OpResolverType.BUILTIN_REF, OpResolverType.AUTO])
def test_other_delegates_may_take_the_rest(
    probe: ProbeDriver, delegate: teflon.Delegate, refused: frozenset[str], resolver: OpResolverType
) -> None:
    probe.refused = refused
    interpreter = open_model(chain_model(), delegate, experimental_op_resolver_type=resolver)
    for shape in ((1, 6, 6, 3), (2, 9, 7, 3), (1, 6, 6, 3)):
        assert_same_when_resized(chain_model(), interpreter, shape)
    del interpreter


@pytest.mark.parametrize("stored", [[1, 4], [1], [7, 7, 7]])
def test_branches_of_a_model_are_resized_with_it(
    probe: ProbeDriver, delegate: teflon.Delegate, stored: list[int]
) -> None:
    model = branches(stored)
    interpreter = open_model(model, delegate)
    for batch in BATCHES:
        resize(interpreter, (batch, 4))
        for condition in (True, False):
            inputs = {0: np.linspace(-1, 1, batch * 4, dtype=np.float32).reshape(batch, 4), 1: np.array([condition])}
            assert_identical(run(interpreter, inputs), expected(model, inputs, {0: (batch, 4)}))
    assert {operation.kind for subgraph in probe.devices[0].subgraphs for operation in subgraph.graph.operations} == {
        "ABS",
        "NEG",
    }


class TestShapesThatDependOnData:
    def test_their_operators_are_left_to_the_runtime(self, delegate: teflon.Delegate) -> None:
        model = reshape_to_input()
        interpreter = open_model(model, delegate)
        assert delegate.report is not None
        assert delegate.report.partitions == ((0, 4),)
        known_later = "the shape of tensor {} '{}' is known only when the model runs: {} computes it from data"
        assert dict(delegate.report.refusals) == {
            1: "the shape of RESHAPE (tensor 1 'shape') must be a constant, but is computed while the model runs",
            2: known_later.format(3, "reshaped", "RESHAPE"),
            3: known_later.format(4, "negated", "NEG"),
        }
        interpreter.allocate_tensors()
        # Alone, too, LiteRT keeps the first shape for what follows a RESHAPE, so it is asked for the same in turn.
        reference = open_model(model)
        reference.allocate_tensors()
        x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
        for shape in ([12, 1], [3, 4], [1, 12]):
            inputs = {0: x, 1: np.array(shape, np.int32)}
            assert_identical(run(interpreter, inputs), run(reference, inputs))

    def test_a_shape_that_turns_out_otherwise_is_compiled_anew(
        self, probe: ProbeDriver, delegate: teflon.Delegate
    ) -> None:
        model = fill_and_negate([2, 3])
        interpreter = open_model(model, delegate)
        assert delegate.report is not None
        assert delegate.report.partitions == ((1,),)
        assert delegate.report.refusals[0] == "npu-hal has no operation for FILL"
        interpreter.allocate_tensors()
        for shape in ([2, 3], [4, 5], [4, 5], [1, 0], [2, 3]):
            inputs = {0: np.array(shape, np.int32), 1: np.array(0.75, np.float32)}
            assert_identical(run(interpreter, inputs), expected(model, inputs))
        subgraphs = probe.devices[0].subgraphs
        assert [subgraph.is_closed for subgraph in subgraphs] == [True] * (len(subgraphs) - 1) + [False]
        assert {subgraph.graph.output_tensors[0].shape for subgraph in subgraphs} == {(2, 3), (4, 5), (1, 0)}

    def test_a_shape_that_the_file_does_not_tell_is_left_to_the_runtime(self, delegate: teflon.Delegate) -> None:
        model = fill_and_negate([])
        interpreter = open_model(model, delegate)
        assert delegate.report is not None
        assert delegate.report.partitions == ()
        assert delegate.report.refusals[1] == (
            "the model does not tell the shape of tensor 2 'filled', which FILL computes"
        )
        interpreter.allocate_tensors()
        inputs = {0: np.array([4, 5], np.int32), 1: np.array(0.75, np.float32)}
        assert_identical(run(interpreter, inputs), expected(model, inputs))

    def test_a_tensor_that_is_dynamic_is_left_to_the_runtime(self, delegate: teflon.Delegate) -> None:
        model = fill_and_negate([2, 3])
        interpreter = open_model(model)
        interpreter.allocate_tensors()
        interpreter._interpreter.ModifyGraphWithDelegate(delegate._get_native_delegate_pointer())
        assert delegate.report is not None
        assert delegate.report.refusals[1] == (
            "tensor 2 'filled' is dynamic: its shape is known only when the model runs"
        )
        inputs = {0: np.array([4, 5], np.int32), 1: np.array(0.75, np.float32)}
        assert_identical(run(interpreter, inputs), expected(model, inputs))


class TestWhatCannotBeResized:
    IMPOSSIBLE = "teflon: node 4 RESHAPE is not possible with the shapes that the tensors have now: "

    @pytest.mark.parametrize("shape", [(1, 3, 5), (2, 1, 1)])
    def test_says_so_and_runs_again_with_other_shapes(self, delegate: teflon.Delegate, shape: tuple[int, ...]) -> None:
        model = flatten_by_batch()
        interpreter = assert_same_as_reference(model, delegate)
        for batch in (1, 3):
            with pytest.raises(RuntimeError, match=self.IMPOSSIBLE):
                resize(interpreter, shape)
            with pytest.raises(RuntimeError):
                interpreter.invoke()
            assert_same_when_resized(model, interpreter, (batch, 3, 4))

    @pytest.mark.parametrize("step", ["supports", "create_subgraph"])
    def test_a_device_that_fails_then_is_told_and_asked_again(
        self, probe: ProbeDriver, delegate: teflon.Delegate, step: str
    ) -> None:
        interpreter = assert_same_as_reference(chain_model(), delegate)
        probe.fail_in = step
        with pytest.raises(RuntimeError, match="teflon: the device is gone; plug it in again"):
            resize(interpreter, (2, 9, 7, 3))
        probe.fail_in = None
        assert_same_when_resized(chain_model(), interpreter, (2, 9, 7, 3))

    def test_an_interpreter_of_a_closed_delegate_cannot_either(self, delegate: teflon.Delegate) -> None:
        interpreter = assert_same_as_reference(chain_model(), delegate)
        delegate.close()
        with pytest.raises(RuntimeError, match="teflon: the subgraph has been closed"):
            resize(interpreter, (2, 9, 7, 3))


class TestWhatTheDeviceRefusesAfterwards:
    def test_runs_on_the_fallback_driver_with_a_warning(
        self, probe: ProbeDriver, caplog: pytest.LogCaptureFixture
    ) -> None:
        software = default_registry().get("software")
        registry = Registry([entry_point("probe", lambda: plugin(probe, software))])
        gc.collect()
        before = callbacks.kernel_count
        with teflon.Delegate(registry=registry, driver="probe") as delegate:
            interpreter = assert_same_as_reference(chain_model(), delegate)
            probe.refused = frozenset({"RELU"})
            assert_same_when_resized(chain_model(), interpreter, (2, 9, 7, 3))
            (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
            assert warning == (
                "partition 0: with the shapes that its tensors have now, probe bench does not run 1 of 4 operations "
                "(the first is 1, RELU: RELU is not one of this device's); driver software runs them"
            )
            assert not probe.devices[0].is_closed
            probe.refused = frozenset()
            assert_same_when_resized(chain_model(), interpreter, (1, 6, 6, 3))
            *replaced, current = probe.devices[0].subgraphs
            assert len(replaced) == 3
            assert all(subgraph.is_closed for subgraph in replaced)
            assert len(current.graph.operations) == 4
            del interpreter
            gc.collect()
            assert callbacks.kernel_count == before

    def test_is_an_error_where_there_is_no_other_driver(self, probe: ProbeDriver, delegate: teflon.Delegate) -> None:
        interpreter = assert_same_as_reference(chain_model(), delegate)
        probe.refused = frozenset({"RELU"})
        with pytest.raises(RuntimeError, match="teflon: no installed driver runs on the CPU"):
            resize(interpreter, (2, 9, 7, 3))
