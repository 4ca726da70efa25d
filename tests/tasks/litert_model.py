"""A model in the TensorFlow Lite runtime, which keeps its states from one inference to the next."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tflite
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from npu_hal.api import Array

# The latest versions under which the reference resolver registers kernels that compute the later ones as well: they
# differ in element types and ranks that the models here do not use.
REGISTERED_VERSIONS = {tflite.BuiltinOperator.TILE: 2, tflite.BuiltinOperator.DEPTH_TO_SPACE: 1}


class LiteRtModel:
    """Called with a model's inputs, it gives the outputs of the reference kernels.

    `shapes` are those of inputs, by name, that are not to have the file's.
    """

    def __init__(
        self,
        path: Path,
        *,
        shapes: Mapping[str, Sequence[int]] | None = None,
        keep_all: bool = False,
    ) -> None:
        self._interpreter: Any = Interpreter(
            model_content=_with_registered_versions(path),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=keep_all,
        )
        for detail in self._interpreter.get_input_details():
            if shapes and detail["name"] in shapes:
                self._interpreter.resize_tensor_input(detail["index"], shapes[detail["name"]])
        self._interpreter.allocate_tensors()

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        for detail, array in zip(self._interpreter.get_input_details(), inputs, strict=True):
            self._interpreter.set_tensor(detail["index"], array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(detail["index"]) for detail in self._interpreter.get_output_details()]

    def tensor(self, index: int) -> Array:
        """A tensor by its number in the file."""
        values: Array = self._interpreter.get_tensor(index)
        return values


def _with_registered_versions(path: Path) -> bytes:
    """The file's bytes, with operators' versions no later than `REGISTERED_VERSIONS`."""
    data = bytearray(path.read_bytes())
    model = tflite.Model.GetRootAs(data, 0)
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        latest = REGISTERED_VERSIONS.get(code.BuiltinCode(), code.Version())
        if code.Version() > latest:
            # The version is the third field of the table, at 8 in its vtable.
            struct.pack_into("<i", data, code._tab.Pos + code._tab.Offset(8), latest)
    return bytes(data)
