"""What a task needs to know of a model."""

from dataclasses import dataclass

from npu_hal.api import DetectionPostProcess, Tensor
from npu_hal.inputs.pixel_range import PixelRange
from npu_hal.tasks.metadata import ModelMetadata
from npu_hal.tflite.model import Model

# Ranges that image models are trained on, as (black, white).
_COMMON_RANGES = ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0))
_RANGE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class ModelInterface:
    """A model's own inputs and outputs, what its author noted on them, and whether it keeps states.

    `pixel_range` is the range in which a float32 input takes pixels, if the model tells; `detected_classes` the number
    of classes that its TFLite_Detection_PostProcess tells apart, if it has one.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: ModelMetadata
    is_stateful: bool = False
    pixel_range: PixelRange | None = None
    detected_classes: int | None = None

    @classmethod
    def of(cls, model: Model, metadata: ModelMetadata) -> "ModelInterface":
        """The interface of a model that was read."""
        return cls(
            inputs=model.input_tensors,
            outputs=model.output_tensors,
            metadata=metadata,
            is_stateful=bool(model.states),
            pixel_range=metadata.pixel_range or _quantized_range(model),
            detected_classes=next(
                (op.num_classes for op in model.graph.operations if isinstance(op, DetectionPostProcess)), None
            ),
        )


def _quantized_range(model: Model) -> PixelRange | None:
    """A guess at the range of a float32 image: that to which the model quantises its input, if it is a common one."""
    for operation in model.graph.operations:
        if operation.kind == "QUANTIZE" and operation.inputs[0] == model.graph.inputs[0]:
            tensor = model.graph.tensors[operation.outputs[0]]
            quantization = tensor.quantization
            if quantization is None or quantization.is_per_axis:
                return None
            low, high = (quantization.scale * (end - quantization.zero_point) for end in tensor.dtype.integer_range)
            return next(
                (
                    PixelRange(black, white)
                    for black, white in _COMMON_RANGES
                    if max(abs(low - black), abs(high - white)) <= _RANGE_TOLERANCE * (white - black)
                ),
                None,
            )
    return None
