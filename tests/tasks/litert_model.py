"""A model in the TensorFlow Lite runtime, which keeps its states from one inference to the next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from npu_hal.api import Array


class LiteRtModel:
    """Called with a model's inputs, it gives the outputs of the reference kernels, or of the optimised ones.

    `shapes` are those of inputs, by name, that are not to have the file's.
    """

    def __init__(
        self,
        path: Path,
        *,
        shapes: Mapping[str, Sequence[int]] | None = None,
        keep_all: bool = False,
        is_optimised: bool = False,
    ) -> None:
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if is_optimised else OpResolverType.BUILTIN_REF
        self._interpreter: Any = Interpreter(
            str(path),
            num_threads=1,
            experimental_op_resolver_type=resolver,
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
