"""What the definition of an operation is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from npu_hal.api import Array, Tensor

# Computes one operation: called with the arrays of its inputs (constants included) and the arrays to fill, both in
# the order of the operation's operands. Outputs are C-contiguous and overlap no input.
Kernel = Callable[[Sequence[Array], Sequence[Array]], None]

Prepared = TypeVar("Prepared")


def nothing_to_refuse(operation: Any, tensors: Sequence[Tensor]) -> str:
    """The refusal of operations that are defined for all that the interface lets through: none."""
    return ""


@dataclass(frozen=True, slots=True)
class Definition:
    """How one kind of operation is computed.

    `compile` makes the kernel of an operation over the graph's tensors and does all the work that constants allow.
    `refusal` says in words why an operation that the interface lets through has no defined result here, or "".
    """

    compile: Callable[[Any, Sequence[Tensor]], Kernel]
    refusal: Callable[[Any, Sequence[Tensor]], str] = nothing_to_refuse


def prepare_early(
    prepare: Callable[..., Prepared], tensors: Sequence[Tensor], operands: Sequence[int]
) -> Callable[[Sequence[Array]], Prepared]:
    """A function from an invocation's input arrays to ``prepare(*arrays of all operands but the first)``.

    `operands` are the tensor indices of an operation's inputs: data first, then weights. If all weights are constants
    the preparation happens here, once; if some are computed or graph inputs, at each call.
    """
    weights = [tensors[index] for index in operands[1:]]
    if all(tensor.is_constant for tensor in weights):
        prepared = prepare(*(tensor.constant() for tensor in weights))
        return lambda _inputs: prepared
    return lambda inputs: prepare(*inputs[1:])
