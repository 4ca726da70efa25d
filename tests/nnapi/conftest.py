"""Fixtures of the NNAPI frontend's tests."""

from pathlib import Path

import pytest

from .c_library import Library, library_path


@pytest.fixture(scope="session")
def library() -> Path:
    """The path of libneuralnetworks.so, which an installation without a C compiler lacks."""
    path = library_path()
    if path is None:
        pytest.skip("npu-hal was installed without a C compiler")
    return path


@pytest.fixture(scope="session")
def nnapi(library: Path) -> Library:
    """The functions of libneuralnetworks.so."""
    return Library(library)
