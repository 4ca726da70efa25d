"""Which Python function stands behind which C function."""

import ctypes
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from npu_hal.api import NpuHalError
from npu_hal_nnapi.errors import result_code

_log = logging.getLogger("npu_hal.nnapi")

# An address; arrives as an integer, NULL as 0.
ADDRESS = ctypes.c_size_t
SIZE = ctypes.c_size_t

Function = TypeVar("Function", bound=Callable[..., None])

_functions: dict[str, Any] = {}


def exported(name: str, *types: Any) -> Callable[[Function], Function]:
    """Export a function, whose arguments have these C types, under a name.

    Its result is 0, or the code of what it raises.
    """

    def register(function: Function) -> Function:
        def call(*arguments: Any) -> int:
            try:
                function(*arguments)
            # C sees no exception, whatever it is.
            except BaseException as error:
                return _report(name, error)
            return 0

        _functions[name] = ctypes.CFUNCTYPE(ctypes.c_int, *types)(call)
        return function

    return register


def exported_free(name: str, handles: dict[int, Any], finish: Callable[[Any], None] | None = None) -> None:
    """Export a function that forgets a handle, after `finish` was done with its object.

    What is no handle, or none any more, is left alone.
    """

    def free(handle: int) -> None:
        try:
            forgotten = handles.pop(handle, None)
            if finish is not None and forgotten is not None:
                finish(forgotten)
        except BaseException as error:
            _report(name, error)

    _functions[name] = ctypes.CFUNCTYPE(None, ADDRESS)(free)


def bind(names: int, functions: int, count: int) -> None:
    """Look up functions for the library.

    `names` is the address of an array of `count` C strings, `functions` that of an array for as many addresses. They
    stay valid for as long as the process lives.
    """
    _keep_for_ever()
    wanted = (ctypes.c_char_p * count).from_address(names)
    slots = (ctypes.c_void_p * count).from_address(functions)
    for position, name in enumerate(wanted):
        slots[position] = ctypes.cast(_functions[(name or b"").decode()], ctypes.c_void_p).value


def _keep_for_ever() -> None:
    """Let no function be freed when Python's modules are taken down, for the library may still be called then."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_functions))


def _report(name: str, error: BaseException) -> int:
    code = result_code(error)
    if isinstance(error, NpuHalError | MemoryError):
        _log.info("%s: %s: %s", name, code.name, error)
    else:
        _log.error("%s: unexpected error", name, exc_info=error)
    return int(code)
