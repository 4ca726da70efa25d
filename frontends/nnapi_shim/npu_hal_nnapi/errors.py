"""Failures with the result codes of the specification."""

from typing import NoReturn

from npu_hal.api import (
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    InvalidGraph,
    InvalidInput,
    InvalidState,
    NoSuchDriver,
    NpuHalError,
    OutOfDeviceMemory,
    UnsupportedOperation,
)
from npu_hal_nnapi.codes import ResultCode


class NnapiError(NpuHalError):
    """A call that the specification answers with `code`."""

    def __init__(self, code: ResultCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def bad_data(message: str) -> NnapiError:
    """The error of an argument that is not what it must be."""
    return NnapiError(ResultCode.BAD_DATA, message)


def bad_state(message: str) -> NnapiError:
    """The error of a call at the wrong time."""
    return NnapiError(ResultCode.BAD_STATE, message)


def unexpected_null(message: str) -> NnapiError:
    """The error of a null pointer where there must be something."""
    return NnapiError(ResultCode.UNEXPECTED_NULL, message)


_CODES: tuple[tuple[type[BaseException], ResultCode], ...] = (
    (OutOfDeviceMemory, ResultCode.OUT_OF_MEMORY),
    (MemoryError, ResultCode.OUT_OF_MEMORY),
    (InvalidGraph, ResultCode.BAD_DATA),
    (InvalidInput, ResultCode.BAD_DATA),
    (UnsupportedOperation, ResultCode.BAD_DATA),
    (InvalidState, ResultCode.BAD_STATE),
    (DeviceNotFound, ResultCode.UNAVAILABLE_DEVICE),
    (NoSuchDriver, ResultCode.UNAVAILABLE_DEVICE),
    (DeviceTimeout, ResultCode.MISSED_DEADLINE_PERSISTENT),
    (DeviceLost, ResultCode.DEAD_OBJECT),
)


def raise_nnapi_error(error: NpuHalError) -> NoReturn:
    """Raise a driver's error as one with the code of the specification."""
    if isinstance(error, NnapiError):
        raise error
    raise NnapiError(result_code(error), str(error)) from error


def result_code(error: BaseException) -> ResultCode:
    """The code that stands for `error` at the C functions; OP_FAILED for what the specification has no word for."""
    if isinstance(error, NnapiError):
        return error.code
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return ResultCode.OP_FAILED
