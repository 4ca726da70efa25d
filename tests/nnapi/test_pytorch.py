"""PyTorch as a client: its modules, converted by torch.backends._nnapi, give what they give eagerly."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = Path(__file__).with_name("pytorch_client.py")
EXAMPLE = REPOSITORY / "examples" / "pytorch_nnapi.py"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs PyTorch: pip install 'npu-hal[torch]'"
)

FLOAT = (
    "example",
    "mobilenet_v2",
    "convolution_nchw",
    "depthwise_nchw",
    "prelu",
    "prelu_nchw",
    "max_pool",
    "average_pool",
    "average_pool_nchw",
    "upsample",
    "hardtanh",
    "sigmoid",
    "softmax",
    "log_softmax",
    "linear",
    "mean",
    "mean_kept",
    "cat",
    "multiply",
    "subtract",
    "divide",
    "reshape",
    "unsqueeze",
    "slice",
    "two_results",
    "flexible",
)


def run(program: Path, library: Path, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, program],
        env={**os.environ, "LD_LIBRARY_PATH": str(library.parent), **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def differences(library: Path) -> dict[str, float | str]:
    """How far each module's results are from PyTorch's own, or why there are none."""
    found: dict[str, float | str] = json.loads(run(CLIENT, library))
    return found


def test_every_module_was_run(differences: dict[str, float | str]) -> None:
    assert set(differences) == {*FLOAT, "quantized"}


@pytest.mark.parametrize("name", FLOAT)
def test_float_results_are_those_of_pytorch(differences: dict[str, float | str], name: str) -> None:
    difference = differences[name]
    assert not isinstance(difference, str), difference
    assert difference < 1e-4


def test_quantised_results_are_those_of_pytorch(differences: dict[str, float | str]) -> None:
    assert differences["quantized"] in (0, 1)


def test_the_example_runs(library: Path) -> None:
    output = run(EXAMPLE, library)
    assert "float: relative difference" in output
    assert "quantised: differs by" in output
