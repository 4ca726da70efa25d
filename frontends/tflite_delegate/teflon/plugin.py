"""What the C stub libteflon.so calls, with addresses as integers."""

import ctypes
import logging

from npu_hal.api import InvalidOption, NpuHalError
from teflon.delegate import Delegate
from teflon.tflite_abi import POINTER_BYTES

_log = logging.getLogger("npu_hal.teflon")

# Delegates that C code holds by the address of their structure.
_delegates: dict[int, Delegate] = {}


def create(keys: int, values: int, count: int) -> int:
    """Make a delegate with `count` options and return the address of its TfLiteDelegate.

    `keys` and `values` are addresses of arrays of `count` C strings. What this raises, the stub hands to the host as
    one line.
    """
    try:
        names, texts = _read_strings(keys, count), _read_strings(values, count)
        delegate = Delegate(options=dict(zip(names, texts, strict=True)))
    except NpuHalError:
        raise
    except Exception:
        _log.exception("unexpected error while making a delegate")
        raise
    address = delegate._get_native_delegate_pointer()
    _delegates[address] = delegate
    return address


def destroy(address: int) -> None:
    """Drop the delegate; its device is closed once no interpreter uses it any more."""
    _delegates.pop(address, None)


def _read_strings(array: int, count: int) -> list[str]:
    strings = []
    for position in range(count):
        text = ctypes.c_char_p.from_address(array + position * POINTER_BYTES).value
        if text is None:
            raise InvalidOption(f"name or value of delegate option {position} is NULL")
        strings.append(text.decode(errors="replace"))
    return strings
