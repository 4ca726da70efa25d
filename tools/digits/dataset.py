"""scikit-learn's handwritten digits as 8-bit images, split into what is trained on and what is held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

CLASSES = 10
HELD_OUT_EVERY = 4


@dataclass(frozen=True, slots=True)
class Digits:
    """Images uint8 ``[count, 8, 8, 1]``, 0 black to 255 white, with the digit that each shows, int64 ``[count]``."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "Digits":
        """The images at these positions, or where the mask is true."""
        return Digits(self.pixels[chosen], self.labels[chosen])

    @property
    def real(self) -> NDArray[np.float64]:
        """The pixels as a network reads them: 0 to 1."""
        return self.pixels / 255.0


def load() -> tuple[Digits, Digits]:
    """The training images and the held-out ones, every fourth of the data set.

    The data set (https://archive.ics.uci.edu/dataset/80, its test part) has 17 levels of grey; they are spread over
    the 8 bits that image files have. The same people wrote both parts.
    """
    bunch = load_digits()
    pixels = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    everything = Digits(pixels, bunch.target.astype(np.int64))
    held_out = np.arange(len(everything)) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    return everything.take(~held_out), everything.take(held_out)
