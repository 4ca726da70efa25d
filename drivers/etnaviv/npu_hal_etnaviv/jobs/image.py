"""Images: the 8-bit tensors that jobs read and write."""

from dataclasses import dataclass
from enum import Enum


class Arrangement(Enum):
    """The order of an image's bytes."""

    PLANAR = "planar"
    """[channel][row][column], what NN jobs work on."""

    INTERLEAVED = "interleaved"
    """[row][column][channel], the NHWC of graph inputs and outputs."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an image's values lie: nothing is padded, and the first channel comes first.

    channel_order: position -> channel of the tensor; None is the identity.
    """

    arrangement: Arrangement
    channel_order: tuple[int, ...] | None = None


PLANAR = Layout(Arrangement.PLANAR)
INTERLEAVED = Layout(Arrangement.INTERLEAVED)


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One byte for each value; two images are the same only if they are the same object.

    Values are unsigned: those of int8 tensors are stored with 128 added, and so is `zero_point` (0 to 255).
    """

    name: str
    height: int
    width: int
    channels: int
    layout: Layout
    zero_point: int
    scale: float

    @property
    def plane(self) -> int:
        """Bytes of one channel."""
        return self.height * self.width

    @property
    def size(self) -> int:
        """Bytes of the whole image."""
        return self.plane * self.channels

    @property
    def is_same_in_both_arrangements(self) -> bool:
        """Whether planar and interleaved bytes are the same: there is one channel, or one position."""
        return self.channels == 1 or self.plane == 1
