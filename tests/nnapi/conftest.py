"""Fixtures of the NNAPI frontend's tests."""

import pytest

from .c_library import Library, library_path


@pytest.fixture(scope="session")
def nnapi() -> Library:
    """libneuralnetworks.so, which an installation without a C compiler lacks."""
    path = library_path()
    if path is None:
        pytest.skip("npu-hal was installed without a C compiler")
    return Library(path)
