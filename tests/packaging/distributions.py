"""Building the distribution from a copy of its sources, and environments to install it in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_NOT_SOURCES = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "tests")


def copy_sources(folder: Path) -> Path:
    """The sources without anything that was built from them."""
    return Path(shutil.copytree(REPOSITORY, folder / "npu-hal", ignore=_NOT_SOURCES))


def build(sources: Path, folder: Path, kind: str, **environment: str) -> Path:
    """The wheel or sdist that `python -m build` makes."""
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--outdir", folder, sources],
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    (made,) = folder.iterdir()
    return made


def make_environment(folder: Path, *, pip: bool) -> Path:
    """A virtual environment; returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", *([] if pip else ["--without-pip"]), folder], check=True)
    return folder / "bin" / "python3"
