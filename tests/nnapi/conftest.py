"""Fixtures of the NNAPI frontend's tests."""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .c_library import Library, library_path
from .session import Arrays, Session


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


@pytest.fixture
def session(nnapi: Library) -> Session:
    return Session(nnapi)


@pytest.fixture
def arrays() -> Arrays:
    return Arrays()


@pytest.fixture
def compilation(session: Session) -> ctypes.c_void_p:
    return session.compiled(session.addition())


@pytest.fixture
def execution(session: Session, compilation: ctypes.c_void_p, arrays: Arrays) -> ctypes.c_void_p:
    """An execution that lacks nothing."""
    execution = session.make("Execution_create", compilation)
    arrays.give(session, execution)
    return execution


@pytest.fixture
def descriptor() -> Iterator[int]:
    """A file of 8 KiB."""
    descriptor = os.memfd_create("memory")
    os.ftruncate(descriptor, 8192)
    yield descriptor
    os.close(descriptor)
