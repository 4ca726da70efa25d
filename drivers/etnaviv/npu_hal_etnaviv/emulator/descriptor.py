"""Reading a config through its declarative layout, with faults that name the word and the field."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.faults import NpuFault, Place
from npu_hal_etnaviv.hardware.bit_field import SplitValue, WordLayout


class Descriptor:
    """The fields of one config in memory."""

    def __init__(self, layout: WordLayout, words: NDArray[np.uint32], job: str) -> None:
        """`words` are the config's words, `job` is what faults name."""
        self._layout = layout
        self._job = job
        self.values: dict[str, int] = layout.unpack(words)
        for word, stray in layout.undefined_bits(words).items():
            raise NpuFault(Place(job, layout.name, word, "reserved bits"), f"{stray:#x} is set where no field is")

    def __getitem__(self, field: str) -> int:
        return self.values[field]

    def join(self, split: SplitValue) -> int:
        """A value that several fields hold."""
        return split.join(self.values)

    def place(self, field: str) -> Place:
        """Where a field is."""
        return Place(self._job, self._layout.name, self._layout.field(field).word, field)

    def fault(self, field: str, problem: str) -> NpuFault:
        """The fault to raise for a field's value."""
        return NpuFault(self.place(field), problem)

    def check_range(self, field: str, low: int, high: int, *, value: int | None = None) -> None:
        """Fault unless the field's value, or a value that it is a part of, is in low..high, both included."""
        value = self.values[field] if value is None else value
        if not low <= value <= high:
            raise self.fault(field, f"{value} is out of range, {low} to {high} are valid")

    def check_values(self, free: frozenset[str], allowed: Mapping[str, tuple[int, ...]]) -> None:
        """Fault unless every field holds a documented value.

        free: the fields that carry sizes, addresses and the like; other rules check them.
        allowed: the values of fields that take several, or another than their default.
        """
        for field in self._layout.fields:
            if field.name in free:
                continue
            valid = allowed.get(field.name, (field.default,))
            if self.values[field.name] not in valid:
                known = " or ".join(f"{value:#x}" for value in valid)
                raise self.fault(field.name, f"{self.values[field.name]:#x} is no documented value, {known} is")
