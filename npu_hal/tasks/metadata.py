"""What a .tflite file's author noted in it: the TFLite Metadata, and the label files appended to the model.

The format is that of https://ai.google.dev/edge/litert/models/metadata: a flatbuffer, in the model's metadata by the
name TFLITE_METADATA, and a zip archive behind the model for the files that the flatbuffer names.
"""

import io
import logging
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from npu_hal.api import InvalidModel
from npu_hal.inputs.pixel_range import PixelRange
from npu_hal.tasks.labels import label_lines
from npu_hal.tflite.flatbuffer import FlatBuffer, Table
from npu_hal.tflite.schema import INT8, UINT8

_log = logging.getLogger(__name__)

METADATA_NAME = "TFLITE_METADATA"
_IDENTIFIER = b"M001"

# Label files are small; a larger one is a mistake, or an archive that unpacks to much more than it is.
_MAX_LABEL_BYTES = 4 << 20


class _ModelSlot(IntEnum):
    NAME = 0
    SUBGRAPHS = 3


class _SubgraphSlot(IntEnum):
    INPUTS = 2
    OUTPUTS = 3


class _TensorSlot(IntEnum):
    NAME = 0
    CONTENT = 3
    PROCESS_UNITS = 4
    FILES = 6


class _ContentSlot(IntEnum):
    PROPERTIES_TYPE = 0


class _ProcessUnitSlot(IntEnum):
    OPTIONS_TYPE = 0
    OPTIONS = 1


class _NormalizationSlot(IntEnum):
    MEAN = 0
    STD = 1


class _FileSlot(IntEnum):
    NAME = 0
    TYPE = 2


class Content(IntEnum):
    """What a tensor holds: the union ContentProperties of the metadata's schema."""

    UNKNOWN = 0
    FEATURE = 1
    IMAGE = 2
    BOUNDING_BOX = 3
    AUDIO = 4


_CONTENTS = frozenset(int(content) for content in Content)
_NORMALIZATION = 1
_AXIS_LABELS = 2
_VALUE_LABELS = 3


@dataclass(frozen=True, slots=True)
class TensorMetadata:
    """Notes on one input or output.

    `pixel_range` is what normalisation makes of black and white; `axis_labels` and `value_labels` are names of files
    that name the positions of an output, or the values in it.
    """

    name: str
    content: Content
    pixel_range: PixelRange | None
    axis_labels: tuple[str, ...]
    value_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """Notes on a model; empty if it has none. `files` are the names in label files by the files' names."""

    name: str = ""
    inputs: tuple[TensorMetadata, ...] = ()
    outputs: tuple[TensorMetadata, ...] = ()
    files: Mapping[str, tuple[str, ...]] | None = None

    @property
    def pixel_range(self) -> PixelRange | None:
        """The range of the first input's pixels."""
        return self.inputs[0].pixel_range if self.inputs else None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the classes, by their number; None if there are none."""
        for output in self.outputs:
            for name in (*output.axis_labels, *output.value_labels):
                if self.files and name in self.files:
                    return self.files[name]
        return None


def read_metadata(entries: Mapping[str, memoryview], path: Path | None = None) -> ModelMetadata:
    """The notes among a model's metadata `entries`, with the files appended to the model at `path`.

    Notes that are damaged are taken for none, and logged: they are no part of what the model computes.
    """
    if METADATA_NAME not in entries:
        return ModelMetadata()
    try:
        return _parse(FlatBuffer(entries[METADATA_NAME]), path)
    except InvalidModel as error:
        _log.warning("the model's metadata is ignored: %s", error)
        return ModelMetadata()


def _parse(file: FlatBuffer, path: Path | None) -> ModelMetadata:
    if file.identifier() != _IDENTIFIER:
        raise InvalidModel(f"its file identifier is {file.identifier()!r}, not {_IDENTIFIER!r}")
    model = file.root()
    subgraphs = model.tables(_ModelSlot.SUBGRAPHS, "subgraph's metadata")
    if not subgraphs:
        return ModelMetadata(model.text(_ModelSlot.NAME))
    inputs, outputs = (
        tuple(_tensor(table) for table in subgraphs[0].tables(slot, "tensor's metadata"))
        for slot in (_SubgraphSlot.INPUTS, _SubgraphSlot.OUTPUTS)
    )
    wanted = {name for output in outputs for name in (*output.axis_labels, *output.value_labels)}
    return ModelMetadata(model.text(_ModelSlot.NAME), inputs, outputs, _appended_files(path, wanted))


def _tensor(table: Table) -> TensorMetadata:
    content = table.table(_TensorSlot.CONTENT, "content")
    kind = content.scalar(_ContentSlot.PROPERTIES_TYPE, UINT8, 0) if content is not None else 0
    files = [
        (file.text(_FileSlot.NAME), file.scalar(_FileSlot.TYPE, INT8, 0))
        for file in table.tables(_TensorSlot.FILES, "associated file")
    ]
    return TensorMetadata(
        name=table.text(_TensorSlot.NAME),
        content=Content(kind) if kind in _CONTENTS else Content.UNKNOWN,
        pixel_range=_pixel_range(table),
        axis_labels=tuple(name for name, kind in files if kind == _AXIS_LABELS),
        value_labels=tuple(name for name, kind in files if kind == _VALUE_LABELS),
    )


def _pixel_range(table: Table) -> PixelRange | None:
    """What (pixel - mean) / std makes of 0 and 255, if all channels share one mean and one deviation."""
    for unit in table.tables(_TensorSlot.PROCESS_UNITS, "process unit"):
        options = unit.table(_ProcessUnitSlot.OPTIONS, "process unit's options")
        if unit.scalar(_ProcessUnitSlot.OPTIONS_TYPE, UINT8, 0) != _NORMALIZATION or options is None:
            continue
        means = set(options.numbers(_NormalizationSlot.MEAN, "<f4"))
        deviations = set(options.numbers(_NormalizationSlot.STD, "<f4"))
        if len(means) == len(deviations) == 1:
            (mean,), (deviation,) = means, deviations
            if math.isfinite(mean) and math.isfinite(deviation) and deviation > 0:
                return PixelRange(-mean / deviation, (255 - mean) / deviation)
    return None


def _appended_files(path: Path | None, wanted: set[str]) -> dict[str, tuple[str, ...]]:
    """The names in the label files named `wanted` in the zip archive at the end of the model."""
    found: dict[str, tuple[str, ...]] = {}
    if path is None:
        return found
    try:
        with zipfile.ZipFile(path) as archive:
            for name in wanted & set(archive.namelist()):
                with archive.open(name) as stream:
                    data = stream.read(_MAX_LABEL_BYTES)
                text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", "replace").read()
                found[name] = label_lines(text)
    # zipfile reports what is wrong with an archive by many types, NotImplementedError and RuntimeError among them.
    except (OSError, zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        _log.warning("the label files appended to %s are ignored: %s", path, error)
    return found
