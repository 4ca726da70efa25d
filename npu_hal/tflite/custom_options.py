"""Options of custom operators: a flexbuffer that holds a map from names to numbers."""

import math
import struct

from flatbuffers import flexbuffers

from npu_hal.api import InvalidGraph

# What the library raises for bytes that are no flexbuffer.
_DAMAGE = (IndexError, KeyError, TypeError, ValueError, AssertionError, OverflowError, RecursionError, struct.error)


class CustomOptions:
    """The options of an operator `name`; every method raises `InvalidGraph` for what is damaged or missing."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        try:
            root = flexbuffers.GetRoot(bytearray(data))
            self._map = root.AsMap
            self._names = {key.AsKey for key in self._keys(len(data))}
        except _DAMAGE as error:
            raise InvalidGraph(f"the custom options of {name} cannot be read: they are no map") from error

    def integer(self, option: str, default: int | None = None) -> int:
        """A whole number or truth value; `default` if it is not there."""
        return int(self._number(option, default))

    def real(self, option: str) -> float:
        """A finite number."""
        return float(self._number(option, None))

    def _number(self, option: str, default: int | None) -> float:
        if option not in self._names:
            if default is None:
                raise InvalidGraph(f"the custom options of {self._name} lack {option!r}")
            return default
        try:
            value = self._map[option].Value
        except _DAMAGE as error:
            raise InvalidGraph(f"the option {option!r} of {self._name} cannot be read") from error
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            raise InvalidGraph(f"the option {option!r} of {self._name} is {value!r}, not a number")
        return value

    def _keys(self, size: int) -> list[flexbuffers.Ref]:
        keys = self._map.Keys
        if len(keys) > size:
            raise ValueError("more keys than bytes")
        return list(keys)
