"""What the pixels of an image are to a model."""

import math
from dataclasses import dataclass

from npu_hal.api import InvalidInput


@dataclass(frozen=True, slots=True)
class PixelRange:
    """The real numbers that a black (0) and a white (255) pixel stand for; those between lie between."""

    black: float
    white: float

    @classmethod
    def parse(cls, text: str) -> "PixelRange":
        """The range written as ``BLACK,WHITE``, such as ``-1,1``; raises `InvalidInput`."""
        try:
            black, white = (float(part) for part in text.split(","))
        except ValueError:
            raise InvalidInput(f"a pixel range is two numbers, BLACK,WHITE, such as -1,1; not {text!r}") from None
        if not (math.isfinite(black) and math.isfinite(white)):
            raise InvalidInput(f"a pixel range has finite ends, not {text!r}")
        return cls(black, white)


UNIT_RANGE = PixelRange(0.0, 1.0)
