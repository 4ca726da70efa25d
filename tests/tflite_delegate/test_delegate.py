"""The delegate in LiteRT: what it takes over, and that results and memory are the runtime's own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import load_delegate

import teflon
from npu_hal.api import DType, GraphBuilder, Reshape

from ..tflite_models import write_model
from .probe_driver import ProbeDriver
from .runtime import (
    assert_same_as_reference,
    chain_model,
    expected,
    open_model,
    random_inputs,
    run,
    two_output_model,
)


def operator_names(interpreter: Any) -> list[str]:
    """The runtime's nodes, those that a delegate replaced included."""
    return [details["op_name"] for details in interpreter._get_ops_details()]


def test_one_partition_takes_the_whole_model(delegate: teflon.Delegate) -> None:
    interpreter = assert_same_as_reference(chain_model(), delegate)
    assert delegate.report == teflon.DelegationReport(partitions=((0, 1, 2, 3),), refusals={})
    assert operator_names(interpreter)[-1] == "DELEGATE"


def test_the_library_gives_the_same_in_any_runtime(library: Path) -> None:
    delegate = load_delegate(str(library), {"driver": "software"})
    interpreter = assert_same_as_reference(chain_model(), delegate)
    assert operator_names(interpreter)[-1] == "DELEGATE"


@pytest.mark.parametrize(
    ("refused", "partitions"),
    [
        ({"CONV_2D"}, ((1, 2, 3),)),
        ({"RELU"}, ((0,), (2, 3))),
        ({"ADD"}, ((0, 1), (3,))),
        ({"LOGISTIC"}, ((0, 1, 2),)),
        ({"RELU", "LOGISTIC"}, ((0,), (2,))),
    ],
)
def test_what_the_device_refuses_stays_with_the_runtime(
    probe: ProbeDriver, delegate: teflon.Delegate, refused: set[str], partitions: tuple[tuple[int, ...], ...]
) -> None:
    probe.refused = frozenset(refused)
    assert_same_as_reference(chain_model(), delegate)
    assert delegate.report is not None
    assert delegate.report.partitions == partitions
    kinds = ("CONV_2D", "RELU", "ADD", "LOGISTIC")
    assert dict(delegate.report.refusals) == {
        kinds.index(kind): f"{kind} is not one of this device's" for kind in sorted(refused, key=kinds.index)
    }


def test_a_device_that_supports_nothing_leaves_the_model_as_it_is(
    probe: ProbeDriver, delegate: teflon.Delegate
) -> None:
    probe.refused = frozenset({"CONV_2D", "RELU", "ADD", "LOGISTIC"})
    interpreter = assert_same_as_reference(chain_model(), delegate)
    assert "DELEGATE" not in operator_names(interpreter)
    assert delegate.report is not None
    assert delegate.report.partitions == ()


def test_an_output_that_is_read_inside_too_is_delivered(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    assert_same_as_reference(two_output_model(), delegate)
    (subgraph,) = probe.devices[0].subgraphs
    assert [tensor.name for tensor in subgraph.graph.output_tensors] == ["rectified", "probabilities"]


def test_inputs_and_outputs_are_the_runtimes_memory(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    interpreter = assert_same_as_reference(chain_model(), delegate)
    (subgraph,) = probe.devices[0].subgraphs
    for details, view in (
        (interpreter.get_input_details()[0], subgraph.inputs[0]),
        (interpreter.get_output_details()[0], subgraph.outputs[0]),
    ):
        arena = interpreter.tensor(details["index"])()
        assert view.ctypes.data == arena.ctypes.data
        assert view.shape == arena.shape
    assert not subgraph.inputs[0].flags.writeable


def test_views_are_kept_until_the_runtime_moves_its_memory(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    interpreter = assert_same_as_reference(chain_model(), delegate)
    (subgraph,) = probe.devices[0].subgraphs
    first = subgraph.inputs[0]
    interpreter.invoke()
    assert subgraph.inputs[0] is first


def test_weights_stay_in_the_mapped_model(probe: ProbeDriver, delegate: teflon.Delegate, tmp_path: Path) -> None:
    model = tmp_path / "chain.tflite"
    model.write_bytes(chain_model())
    interpreter = assert_same_as_reference(model, delegate)
    constants = [tensor for tensor in probe.devices[0].subgraphs[0].graph.tensors if tensor.is_constant]
    assert {tensor.name for tensor in constants} == {"weights", "bias"}
    mappings = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if str(model) in line]
    spans = [tuple(int(end, 16) for end in fields[0].split("-")) for fields in mappings]
    for tensor in constants:
        address = tensor.constant().ctypes.data
        assert any(start <= address and address + tensor.nbytes <= end for start, end in spans)
        assert not tensor.constant().flags.writeable
    del interpreter


def test_resizing_an_input_compiles_anew(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    model = chain_model()
    interpreter = open_model(model, delegate)
    (index,) = (details["index"] for details in interpreter.get_input_details())
    for shape in ((1, 9, 7, 3), (2, 6, 6, 3), (1, 6, 6, 3)):
        interpreter.resize_tensor_input(index, shape)
        interpreter.allocate_tensors()
        inputs = random_inputs(interpreter, seed=len(shape))
        (ours,), (theirs,) = run(interpreter, inputs), expected(model, inputs, {index: shape})
        assert ours.shape == (*shape[:3], 4)
        np.testing.assert_array_equal(ours, theirs)
    *replaced, current = probe.devices[0].subgraphs
    assert all(subgraph.is_closed for subgraph in replaced)
    assert not current.is_closed


def test_several_delegates_share_a_model(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    probe.refused = frozenset({"RELU", "LOGISTIC"})
    with teflon.Delegate(driver="software") as second:
        assert_same_as_reference(chain_model(), delegate, second)
        assert delegate.report is not None
        assert delegate.report.partitions == ((0,), (2,))
        assert second.report is not None
        assert second.report.partitions == ((1,), (3,))


def test_one_delegate_serves_several_models(delegate: teflon.Delegate) -> None:
    first, second = open_model(chain_model(), delegate), open_model(two_output_model(), delegate)
    for interpreter, model in ((first, chain_model()), (second, two_output_model())):
        interpreter.allocate_tensors()
        inputs = random_inputs(interpreter, seed=3)
        for ours, theirs in zip(run(interpreter, inputs), expected(model, inputs), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_tensors_without_quantisation_need_none(delegate: teflon.Delegate) -> None:
    builder = GraphBuilder("reshape")
    x = builder.input("x", (2, 6), DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)
    builder.append(Reshape(input=x, output=y, shape=(3, 4)))
    assert_same_as_reference(write_model(builder.build(outputs=[y])), delegate)
    assert delegate.report is not None
    assert delegate.report.partitions == ((0,),)
