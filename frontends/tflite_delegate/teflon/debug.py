"""What TEFLON_DEBUG=verbose tells on stderr: tables of tensors and operations, what was refused, times."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from npu_hal.api import Graph, Tensor
from npu_hal.debug import is_verbose
from npu_hal.tflite.operators import operator_name
from teflon.candidates import Candidates
from teflon.execution_plan import PlannedNode

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

_log = logging.getLogger("npu_hal.teflon")
_RULE = "=" * 96


def configure() -> bool:
    """Whether the delegate is to tell; if so, make sure that it is heard."""
    if not is_verbose():
        return False
    # What the driver logs belongs to the picture.
    everything = logging.getLogger("npu_hal")
    everything.setLevel(logging.DEBUG)
    # A program that has set up logging decides itself where messages go.
    if not everything.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        everything.addHandler(handler)
    return True


def log_candidates(plan: Sequence[PlannedNode], candidates: Candidates) -> None:
    """Tell how many of the plan's operators the device takes, and why it does not take the others."""
    _log.debug("%d of %d operators go to the device", len(candidates.nodes), len(plan))
    names = {node.index: operator_name(node.view) for node in plan}
    for index, reason in candidates.refusals.items():
        _log.debug("left to TensorFlow Lite: node %d %s: %s", index, names[index], reason)


def log_graph(graph: Graph) -> None:
    """Tell the tables of a graph that is about to be compiled."""
    _log.debug(
        "compiling %s: %d tensors %d operations\n%s\n\n%s",
        graph.name,
        len(graph.tensors),
        len(graph.operations),
        tensor_table(graph),
        operation_table(graph),
    )


def log_compilation(name: str, seconds: float) -> None:
    """Tell how long compiling a graph took."""
    _log.debug("%s: compiled in %.3f ms", name, seconds * 1e3)


def log_invocation(name: str, seconds: float) -> None:
    """Tell how long an invocation took."""
    _log.debug("%s: invoked in %.3f ms", name, seconds * 1e3)


def tensor_table(graph: Graph) -> str:
    """A line for each tensor: index, type, scale, zero point, whether it has data, shape, name.

    Of a quantisation per axis, the first scale and zero point, and a plus sign.
    """
    lines = [f"{'idx':>3} {'type':<8} {'scale':<11} {'zp':>4} {'has_data':<8} {'size':<16} name", _RULE]
    for index, tensor in enumerate(graph.tensors):
        scale, zero_point = _quantization_columns(tensor)
        size = "x".join(str(extent) for extent in tensor.shape) or "scalar"
        has_data = "yes" if tensor.is_constant else "no"
        lines.append(
            f"{index:>3} {tensor.dtype:<8} {scale:<11} {zero_point:>4} {has_data:<8} {size:<16} {tensor.name}".rstrip()
        )
    return "\n".join(lines)


def operation_table(graph: Graph) -> str:
    """A line for each operation: index, kind, inputs, outputs, attributes that are not at their defaults."""
    lines = [f"{'idx':>3} {'type':<24} {'inputs':<20} {'outputs':<12} operation type-specific", _RULE]
    for position, operation in enumerate(graph.operations):
        inputs = ",".join(str(index) for index in operation.inputs)
        outputs = ",".join(str(index) for index in operation.outputs)
        lines.append(f"{position:>3} {operation.kind:<24} {inputs:<20} {outputs:<12} {_attributes(operation)}".rstrip())
    return "\n".join(lines)


def _quantization_columns(tensor: Tensor) -> tuple[str, str]:
    quantization = tensor.quantization
    if quantization is None:
        return "-", "-"
    mark = "+" if quantization.is_per_axis else ""
    return f"{quantization.scales[0]:.6g}{mark}", str(quantization.zero_points[0])


def _attributes(operation: "AnyOperation") -> str:
    # What changes when the tensors get other numbers are the operands, which have columns of their own.
    renumbered = operation.renumbered(lambda index: index + 1).model_dump()
    fields = operation.model_dump(exclude_defaults=True)
    values = {name: value for name, value in fields.items() if renumbered[name] == value and name != "kind"}
    return " ".join(f"{name}={value}" for name, value in values.items())
