"""TFLite Metadata, written by the flatbuffers library to the published schema."""

from collections.abc import Sequence
from dataclasses import dataclass

import flatbuffers

from npu_hal.tasks.metadata import Content

# Values of the schema's unions and enumerations.
NORMALIZATION = 1
AXIS_LABELS = 2
VALUE_LABELS = 3


@dataclass(frozen=True)
class TensorNotes:
    content: Content = Content.UNKNOWN
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    # Names and types of files.
    files: Sequence[tuple[str, int]] = ()


def write_metadata(name: str, inputs: Sequence[TensorNotes], outputs: Sequence[TensorNotes]) -> bytes:
    builder = flatbuffers.Builder(0)
    sides = [_vector(builder, [_tensor(builder, notes) for notes in side]) for side in (inputs, outputs)]
    builder.StartObject(10)
    builder.PrependUOffsetTRelativeSlot(2, sides[0], 0)
    builder.PrependUOffsetTRelativeSlot(3, sides[1], 0)
    subgraphs = _vector(builder, [builder.EndObject()])
    title = builder.CreateString(name)
    builder.StartObject(8)
    builder.PrependUOffsetTRelativeSlot(0, title, 0)
    builder.PrependUOffsetTRelativeSlot(3, subgraphs, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"M001")
    return bytes(builder.Output())


def _tensor(builder: flatbuffers.Builder, notes: TensorNotes) -> int:
    files = _vector(builder, [_file(builder, name, kind) for name, kind in notes.files])
    units = _vector(builder, [_normalization(builder, notes)] if notes.mean else [])
    builder.StartObject(0)
    properties = builder.EndObject()
    builder.StartObject(3)
    builder.PrependUint8Slot(0, int(notes.content), 0)
    builder.PrependUOffsetTRelativeSlot(1, properties, 0)
    content = builder.EndObject()
    builder.StartObject(7)
    builder.PrependUOffsetTRelativeSlot(3, content, 0)
    builder.PrependUOffsetTRelativeSlot(4, units, 0)
    builder.PrependUOffsetTRelativeSlot(6, files, 0)
    return int(builder.EndObject())


def _normalization(builder: flatbuffers.Builder, notes: TensorNotes) -> int:
    numbers = []
    for values in (notes.mean, notes.std):
        builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            builder.PrependFloat32(value)
        numbers.append(builder.EndVector())
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, numbers[0], 0)
    builder.PrependUOffsetTRelativeSlot(1, numbers[1], 0)
    options = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUint8Slot(0, NORMALIZATION, 0)
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    return int(builder.EndObject())


def _file(builder: flatbuffers.Builder, name: str, kind: int) -> int:
    text = builder.CreateString(name)
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, text, 0)
    builder.PrependInt8Slot(2, kind, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
