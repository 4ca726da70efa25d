"""Weights beyond int8 as sums of int8 arrays."""

import numpy as np
from numpy.typing import NDArray


def int8_terms(values: NDArray[np.int16]) -> list[NDArray[np.int8]]:
    """int8 arrays whose sum is `values`: one, or two or three for values beyond int8."""
    terms: list[NDArray[np.int8]] = []
    rest = values
    while not terms or rest.any():
        term = np.clip(rest, -128, 127).astype(np.int8)
        terms.append(term)
        rest = rest - term
    return terms
