"""Fixtures that every room's tests use."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time and no time limits, so that what has passed once passes again, on busy machines too;
# --hypothesis-profile=explore looks for others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """The folder of shared reference material: real models, inputs, golden job lists."""
    return Path(os.environ.get("NPU_HAL_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared reference material, or a skip that says why; on CI its absence is a failure."""
    folder = shared_folder()
    if not folder.is_dir():
        reason = f"needs the shared reference material, and {folder} is no folder (NPU_HAL_SHARED names it)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session", autouse=True)
def interruptible_programs() -> None:
    """Let programs that tests start be interrupted: in a shell's background jobs, SIGINT is ignored, and stays so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
