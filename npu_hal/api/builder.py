"""Building graphs step by step, with inferred shapes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.graph import Graph
from npu_hal.api.quantization import Quantization
from npu_hal.api.tensor import Shape, Tensor

if TYPE_CHECKING:
    from npu_hal.api.operations import AnyOperation


class GraphBuilder:
    """Collects tensors and operations; `build` gives the validated graph. Methods raise `InvalidGraph`.

    Tensors are referred to by the index that the methods return. The shape of a computed tensor is inferred when the
    operation that computes it is appended::

        builder = GraphBuilder("example")
        x = builder.input("x", (1, 8, 8, 3), DType.UINT8, Quantization.per_tensor(0.5, 128))
        y = builder.tensor("y", DType.UINT8, Quantization.per_tensor(0.25, 0))
        builder.append(Relu(input=x, output=y))
        graph = builder.build(outputs=[y])
    """

    def __init__(self, name: str = "graph") -> None:
        self._name = name
        self._tensors: list[Tensor] = []
        self._pending: set[int] = set()
        self._operations: list[AnyOperation] = []
        self._inputs: list[int] = []

    def input(self, name: str, shape: Shape, dtype: DType, quantization: Quantization | None = None) -> int:
        """Add a graph input; returns its index."""
        index = self._add(Tensor(name=name, shape=shape, dtype=dtype, quantization=quantization))
        self._inputs.append(index)
        return index

    def constant(self, name: str, data: np.ndarray[Any, Any], quantization: Quantization | None = None) -> int:
        """Add a constant; returns its index.

        Its shape and element type are those of `data`, which is C-contiguous and not copied.
        """
        try:
            dtype = DType(data.dtype.name)
        except ValueError:
            raise InvalidGraph(f"constant {name!r}: elements of {data.dtype} are no tensor type") from None
        return self._add(Tensor(name=name, shape=data.shape, dtype=dtype, quantization=quantization, data=data))

    def tensor(self, name: str, dtype: DType, quantization: Quantization | None = None) -> int:
        """Add a tensor to be computed by an operation; returns its index. Its shape is known once that is appended."""
        if quantization is not None and quantization.is_per_axis:
            raise InvalidGraph(f"tensor {name!r}: only constants are quantised per axis")
        index = self._add(Tensor(name=name, shape=(), dtype=dtype, quantization=quantization))
        self._pending.add(index)
        return index

    def append(self, operation: "AnyOperation") -> None:
        """Add an operation; its outputs must have been added by `tensor` and get their shapes now."""
        for index in operation.outputs:
            if index not in self._pending:
                raise InvalidGraph(
                    f"operation {len(self._operations)} ({operation.kind}): tensor {index} is not one to be computed"
                )
        try:
            shapes = operation.infer_shapes(self._tensors)
        except InvalidGraph as error:
            raise InvalidGraph(f"operation {len(self._operations)} ({operation.kind}): {error}") from None
        except IndexError:
            raise InvalidGraph(
                f"operation {len(self._operations)} ({operation.kind}) uses a tensor that was not added"
            ) from None
        for index, shape in zip(operation.outputs, shapes, strict=True):
            self._tensors[index] = self._tensors[index].model_copy(update={"shape": shape})
            self._pending.discard(index)
        self._operations.append(operation)

    @property
    def operation_count(self) -> int:
        """How many operations were appended."""
        return len(self._operations)

    def shape(self, index: int) -> Shape:
        """The shape of a tensor that is an input, a constant, or computed already."""
        if index in self._pending:
            raise InvalidGraph(f"no operation computes tensor {index} {self._tensors[index].name!r} yet")
        return self._tensors[index].shape

    def build(self, outputs: list[int]) -> Graph:
        """The validated graph with these outputs, indices of tensors that operations compute."""
        if self._pending:
            index = min(self._pending)
            raise InvalidGraph(f"no operation computes tensor {index} {self._tensors[index].name!r}")
        return Graph(
            name=self._name,
            tensors=tuple(self._tensors),
            operations=tuple(self._operations),
            inputs=tuple(self._inputs),
            outputs=tuple(outputs),
        )

    def _add(self, tensor: Tensor) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1
