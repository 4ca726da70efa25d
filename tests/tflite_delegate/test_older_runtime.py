"""The delegate in tflite-runtime 2.14, the last of its name, whose structures are older than LiteRT's.

NPU_HAL_TFLITE_RUNTIME_PYTHON may name an interpreter that has it and npu-hal; else an environment is made.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..packaging.distributions import build, copy_sources, make_environment
from .dynamic_models import flatten_by_batch
from .runtime import chain_model

VARIABLE = "NPU_HAL_TFLITE_RUNTIME_PYTHON"
REQUIREMENTS = ("tflite-runtime==2.14.0", "numpy<2")
SCRIPT = Path(__file__).with_name("older_runtime.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def older_python(tmp_path: Path, library: Path) -> Path:
    """An interpreter with tflite-runtime, npu-hal and its library."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    if sys.version_info >= (3, 12):
        pytest.skip(f"tflite-runtime has no wheel for this Python; {VARIABLE} can name an older one")
    wheel = build(copy_sources(tmp_path), tmp_path / "wheel", "wheel")
    python = make_environment(tmp_path / "environment", pip=True)
    command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS, wheel]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        reason = f"cannot install {' and '.join(REQUIREMENTS)}: {installed.stderr.strip().splitlines()[-1]}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return python


def test_results_and_errors_are_those_of_the_newer_runtime(older_python: Path, tmp_path: Path) -> None:
    static, dynamic = tmp_path / "static.tflite", tmp_path / "dynamic.tflite"
    static.write_bytes(chain_model())
    dynamic.write_bytes(flatten_by_batch())
    command = [older_python, SCRIPT, static, dynamic]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(results) == 4
    for result in results:
        assert result["same"]
        assert result["last"] == "DELEGATE"
        assert "there is no driver 'nope'; installed drivers are: " in result["message"]
