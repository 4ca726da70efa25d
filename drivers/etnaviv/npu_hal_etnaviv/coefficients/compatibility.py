"""Whether coefficient buffers are to be small, or the same bytes that another driver writes."""

from enum import Enum


class Compatibility(Enum):
    """How free choices of the coefficient formats are made."""

    SMALLEST = "smallest"
    """The smallest buffer that the hardware decodes."""

    MESA = "mesa"
    """The bytes that Mesa's driver writes, its mistakes included."""
