"""Names of classes, and the classes that an output rates highest."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npu_hal.api import Array, InvalidInput, Tensor


@dataclass(frozen=True, slots=True)
class RatedClass:
    """A class by its index in the output; `value` is the stored element, `score` the real number it means."""

    index: int
    label: str | None
    value: float
    score: float


def read_labels(path: Path) -> tuple[str, ...]:
    """The lines of a labels file, without empty ones at its end; raises `InvalidInput`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"labels file {path} could not be read: {error}") from None
    return tuple(line.strip() for line in text.rstrip().splitlines())


def is_rating(tensor: Tensor) -> bool:
    """Whether an output rates classes: more than one element, all along one axis."""
    return tensor.size > 1 and max(tensor.shape) == tensor.size


def top_classes(values: Array, tensor: Tensor, count: int, labels: tuple[str, ...] | None) -> list[RatedClass]:
    """The `count` highest elements of a rating, highest first; of equal ones, the first in order.

    Raises `InvalidInput` if there are `labels`, but not one for each class.
    """
    flat = values.reshape(-1)
    if labels is not None and len(labels) != flat.size:
        raise InvalidInput(
            f"the labels file names {len(labels)} classes, but output {tensor.name!r} rates {flat.size}; "
            f"it belongs to another model"
        )
    scores = real_values(flat, tensor)
    order = np.argsort(-scores, kind="stable")[:count]
    return [
        RatedClass(int(index), labels[index] if labels else None, flat[index].item(), float(scores[index]))
        for index in order
    ]


def real_values(values: Array, tensor: Tensor) -> Array:
    """The real numbers, float64, that the stored elements of `tensor` mean."""
    quantization = tensor.quantization
    if quantization is None or quantization.is_per_axis:
        return values.astype(np.float64)
    real: Array = quantization.scale * (values.astype(np.float64) - quantization.zero_point)
    return real
