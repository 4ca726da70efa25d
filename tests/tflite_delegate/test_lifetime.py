"""What is made is released: in any order, at the interpreter's exit, and without growth."""

import gc
import subprocess
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import teflon
from npu_hal.registry import Registry
from teflon.callbacks import callbacks

from .probe_driver import ProbeDriver
from .runtime import assert_same_as_reference, chain_model, open_model

RunPython = Callable[..., subprocess.CompletedProcess[str]]

MAKE_MODEL = "from tests.tflite_delegate.runtime import chain_model, open_model\n"


def test_subgraphs_are_closed_with_their_interpreter(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    before = callbacks.kernel_count
    interpreter = assert_same_as_reference(chain_model(), delegate)
    (subgraph,) = probe.devices[0].subgraphs
    assert callbacks.kernel_count == before + 1
    assert not subgraph.is_closed
    del interpreter
    gc.collect()
    assert subgraph.is_closed
    assert callbacks.kernel_count == before
    assert not probe.devices[0].is_closed


def test_the_device_is_closed_with_the_last_user(probe: ProbeDriver, probe_registry: Registry) -> None:
    delegate = teflon.Delegate(registry=probe_registry)
    interpreter = assert_same_as_reference(chain_model(), delegate)
    alive = weakref.ref(delegate)
    del delegate
    gc.collect()
    interpreter.invoke()
    assert not probe.devices[0].is_closed
    del interpreter
    gc.collect()
    assert alive() is None
    assert probe.devices[0].is_closed


def test_closing_a_delegate_closes_its_subgraphs_first(probe: ProbeDriver, delegate: teflon.Delegate) -> None:
    interpreter = open_model(chain_model(), delegate)
    interpreter.allocate_tensors()
    delegate.close()
    assert [subgraph.is_closed for subgraph in probe.devices[0].subgraphs] == [True]
    assert probe.devices[0].is_closed
    del interpreter


@pytest.mark.parametrize(
    "keep",
    [
        # The order in which Python takes modules down must not matter.
        "kept = interpreter",
        "import sys; sys.kept = interpreter",
        "import sys; sys.kept = interpreter; del delegate",
        "import builtins; builtins.kept = (interpreter, delegate)",
        "cycle = [interpreter]; cycle.append(cycle)",
    ],
)
@pytest.mark.parametrize("how", ["object", "library"])
def test_an_interpreter_may_live_until_python_exits(run_python: RunPython, how: str, keep: str, library: Path) -> None:
    makers = {
        "object": "import teflon; delegate = teflon.Delegate(driver='software')\n",
        "library": "import sys; from ai_edge_litert.interpreter import load_delegate\n"
        "delegate = load_delegate(sys.argv[1], {'driver': 'software'})\n",
    }
    code = (
        f"{MAKE_MODEL}{makers[how]}"
        "interpreter = open_model(chain_model(), delegate)\n"
        "interpreter.allocate_tensors(); interpreter.invoke()\n"
        f"{keep}\nprint('end')"
    )
    process = run_python(code, str(library))
    assert (process.returncode, process.stdout) == (0, "end\n"), process.stderr
    assert "Exception ignored" not in process.stderr


GROWTH = """
import gc, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ai_edge_litert.interpreter import load_delegate
from tests.tflite_delegate.runtime import chain_model, open_model

def resident():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096

model = chain_model()

def cycle(times):
    for _ in range(times):
        interpreter = open_model(model, load_delegate(sys.argv[1], {"driver": "software"}))
        interpreter.allocate_tensors()
        interpreter.invoke()

def invoke(interpreter, times):
    for _ in range(times):
        interpreter.invoke()

def invoke_in_threads(times):
    delegate = load_delegate(sys.argv[1], {"driver": "software"})
    interpreters = [open_model(model, delegate) for _ in range(4)]
    for interpreter in interpreters:
        interpreter.allocate_tensors()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(invoke, interpreters, [times] * 4))

def resize_in_turn(times):
    interpreter = open_model(model, load_delegate(sys.argv[1], {"driver": "software"}))
    for _ in range(times):
        for shape in ((2, 9, 7, 3), (1, 6, 6, 3)):
            interpreter.resize_tensor_input(0, shape)
            interpreter.allocate_tensors()
            interpreter.invoke()

cycle(50)
resize_in_turn(50)
invoke_in_threads(50)
before = resident()
cycle(200)
resize_in_turn(200)
invoke_in_threads(1000)
print(resident() - before)
"""


def test_200_lives_400_resizes_and_4000_invokes_do_not_grow_memory(run_python: RunPython, library: Path) -> None:
    process = run_python(GROWTH, str(library))
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) <= 1 << 20
