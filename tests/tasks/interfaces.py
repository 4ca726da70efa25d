"""Models as tasks see them, made from shapes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from npu_hal.api import Array, DType, Quantization, Tensor
from npu_hal.tasks import ModelInterface, ModelMetadata

Shape = tuple[int, ...]


def tensor(shape: Shape, dtype: DType = DType.FLOAT32, scale: float | None = None, zero_point: int = 0) -> Tensor:
    quantization = None if scale is None else Quantization.per_tensor(scale, zero_point)
    return Tensor(name="tensor", shape=shape, dtype=dtype, quantization=quantization)


def interface(
    inputs: Sequence[Shape | Tensor],
    outputs: Sequence[Shape | Tensor],
    *,
    metadata: ModelMetadata | None = None,
    is_stateful: bool = False,
    detected_classes: int | None = None,
) -> ModelInterface:
    """Tensors that are shapes only are float32."""
    made = [
        tuple(entry if isinstance(entry, Tensor) else tensor(entry) for entry in side) for side in (inputs, outputs)
    ]
    return ModelInterface(
        inputs=made[0],
        outputs=made[1],
        metadata=metadata or ModelMetadata(),
        is_stateful=is_stateful,
        detected_classes=detected_classes,
    )


def save_picture(folder: Path, pixels: Array) -> Path:
    path = folder / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


def grey_picture(folder: Path, height: int, width: int) -> Path:
    return save_picture(folder, np.full((height, width, 3), 100, np.uint8))
