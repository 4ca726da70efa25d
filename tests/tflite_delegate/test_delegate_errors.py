"""Whatever goes wrong in whichever phase, the runtime's caller reads our text."""

import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import load_delegate

import teflon
from npu_hal.api import DeviceLost, NpuHalError
from npu_hal.registry import Registry
from teflon.callbacks import callbacks

from .probe_driver import ProbeDriver
from .runtime import assert_same_as_reference, chain_model, expected, open_model, random_inputs, run

GONE = "teflon: the device is gone; plug it in again"


def test_create_in_python_raises_the_error_itself(probe: ProbeDriver, probe_registry: Registry) -> None:
    probe.fail_in = "open"
    with pytest.raises(DeviceLost, match="the device is gone; plug it in again"):
        teflon.Delegate(registry=probe_registry)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"driver": "nope"}, "NoSuchDriver: there is no driver 'nope'; installed drivers are: .*software"),
        ({"driver": "software", "device": "gpu"}, "DeviceNotFound: driver software has no device 'gpu'"),
        (
            {"driver": "software", "colour": "red"},
            "InvalidOption: the delegate has no option 'colour'; its options with",
        ),
        (
            {"driver": "software", "level": "fastest"},
            "InvalidOption: option level of driver software cannot be 'fastest'",
        ),
    ],
)
def test_create_through_the_library(library: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_delegate(str(library), options)


@pytest.mark.parametrize("step", ["supports", "create_subgraph"])
def test_prepare(probe: ProbeDriver, delegate: teflon.Delegate, step: str) -> None:
    probe.fail_in = step
    with pytest.raises(RuntimeError, match=GONE):
        open_model(chain_model(), delegate)
    probe.fail_in = None
    assert_same_as_reference(chain_model(), delegate)


def test_a_failed_partition_leaves_no_kernel_behind(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    before = callbacks.kernel_count
    probe.refused = frozenset({"RELU"})
    model = chain_model()

    class SecondFails(DeviceLost):
        """Raised for the second of two partitions."""

    created = []

    def fail_second(step: str) -> None:
        if step == "create_subgraph":
            created.append(step)
            if len(created) == 2:
                raise SecondFails("no room for another")

    probe.fail = fail_second  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="teflon: no room for another"):
        open_model(model, delegate)
    gc.collect()
    assert callbacks.kernel_count == before
    assert [subgraph.is_closed for subgraph in probe.devices[0].subgraphs] == [True]


@pytest.mark.parametrize("step", ["invoke", "read_outputs"])
def test_invoke(probe: ProbeDriver, delegate: teflon.Delegate, step: str) -> None:
    interpreter = open_model(chain_model(), delegate)
    interpreter.allocate_tensors()
    probe.fail_in = step
    with pytest.raises(RuntimeError, match=GONE):
        interpreter.invoke()
    # The runtime goes on once the device does.
    probe.fail_in = None
    inputs = random_inputs(interpreter, seed=5)
    (ours,), (theirs,) = run(interpreter, inputs), expected(chain_model(), inputs)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("make", [ZeroDivisionError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_error_that_nobody_meant_is_told_with_its_traceback(
    probe: ProbeDriver, delegate: teflon.Delegate, make: Callable[[str], BaseException]
) -> None:
    interpreter = open_model(chain_model(), delegate)
    interpreter.allocate_tensors()
    probe.error, probe.fail_in = make("a bug"), "invoke"
    with pytest.raises(RuntimeError, match=r"(?s)teflon: unexpected error\nTraceback.*probe_driver\.py.*: a bug"):
        interpreter.invoke()


def test_a_closed_delegate_says_so(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    delegate.close()
    delegate.close()
    assert probe.devices[0].is_closed
    with pytest.raises(RuntimeError, match="teflon: the delegate has been closed"):
        open_model(chain_model(), delegate)


def test_an_interpreter_of_a_closed_delegate_fails_in_words(delegate: teflon.Delegate) -> None:
    interpreter = open_model(chain_model(), delegate)
    interpreter.allocate_tensors()
    delegate.close()
    with pytest.raises(RuntimeError, match=r"teflon: .*closed"):
        interpreter.invoke()


def test_without_the_library_its_path_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teflon.library.__file__", str(tmp_path / "library.py"))
    with pytest.raises(NpuHalError, match=r"libteflon\.so was not built.* use teflon\.Delegate"):
        teflon.library_path()
