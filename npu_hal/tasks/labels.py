"""Names of classes, and the classes that an output rates highest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npu_hal.api import Array, DType, InvalidInput, Tensor


@dataclass(frozen=True, slots=True)
class RatedClass:
    """A class by its index in the output; `value` is the stored element, `score` the real number it means."""

    index: int
    label: str | None
    value: float
    score: float


def read_labels(path: Path) -> tuple[str, ...]:
    """The names in a labels file; raises `InvalidInput`."""
    try:
        # Editors on Windows put a mark in front, which is no part of the first name.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"labels file {path} could not be read as UTF-8, save it as such: {error}") from None
    except OSError as error:
        raise InvalidInput(f"labels file {path} could not be read: {error}") from None
    return label_lines(text)


def label_lines(text: str) -> tuple[str, ...]:
    """The names in the text of a labels file: its lines, without empty ones at its end."""
    return tuple(line.strip() for line in text.rstrip().splitlines())


def is_rating(tensor: Tensor) -> bool:
    """Whether an output rates classes: more than one real number, all along one axis."""
    return tensor.size > 1 and max(tensor.shape) == tensor.size and tensor.dtype is not DType.COMPLEX64


def check_labels(labels: tuple[str, ...], outputs: Sequence[Tensor]) -> None:
    """`InvalidInput` unless one of `outputs` rates as many classes as there are `labels`."""
    rated = [tensor for tensor in outputs if is_rating(tensor)]
    if any(tensor.size == len(labels) for tensor in rated):
        return
    found = ", ".join(f"output {tensor.name!r} rates {tensor.size}" for tensor in rated) or "no output rates classes"
    raise InvalidInput(f"the labels file names {len(labels)} classes, but {found}; it belongs to another model")


def top_classes(values: Array, tensor: Tensor, count: int, labels: tuple[str, ...] | None) -> list[RatedClass]:
    """The `count` highest elements of a rating, highest first; of equal ones, the first in order.

    They are labelled if there are as many `labels` as classes.
    """
    flat = values.reshape(-1)
    scores = real_values(flat, tensor)
    order = np.argsort(-scores, kind="stable")[:count]
    names = labels if labels is not None and len(labels) == flat.size else None
    return [
        RatedClass(int(index), names[index] if names else None, flat[index].item(), float(scores[index]))
        for index in order
    ]


def real_values(values: Array, tensor: Tensor) -> Array:
    """The real numbers, float64, that the stored elements of `tensor` mean."""
    quantization = tensor.quantization
    if quantization is None or quantization.is_per_axis:
        return values.astype(np.float64)
    real: Array = quantization.scale * (values.astype(np.float64) - quantization.zero_point)
    return real
