"""Distributions that are installed for a subprocess only: a folder with a module and its metadata on PYTHONPATH."""

import os
import subprocess
import sys
from pathlib import Path


def install_module(folder: Path, name: str, source: str) -> dict[str, str]:
    """Write a module that registers drivers, with a distribution around it; the environment that finds it."""
    (folder / f"{name}.py").write_text(source)
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[npu_hal]\n{name} = {name}\n")
    return os.environ | {"PYTHONPATH": str(folder)}


def npu_hal(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "npu_hal.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
