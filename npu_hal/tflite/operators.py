"""From operators of TensorFlow Lite to operations of the driver interface."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from npu_hal.api import InvalidGraph, Tensor, UnsupportedOperation
from npu_hal.tflite.converters import find_converter
from npu_hal.tflite.converters.operands import Operands
from npu_hal.tflite.operator_view import CUSTOM, OperatorView

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

__all__ = ["OperatorView", "code_name", "convert_operator", "operator_name"]


def convert_operator(view: OperatorView, tensors: Sequence[Tensor]) -> "AnyOperation":
    """The operation that does what the operator does; its operands are the operator's tensors.

    `tensors` has every tensor that the operator refers to at its index; it may raise `UnsupportedOperation` for
    those that the interface cannot express. Stored shapes of outputs are not looked at, but for a RESHAPE that neither
    a tensor nor an option tells the shape.

    Raises `UnsupportedOperation`, with the reason in words, if the interface has no such operation, or not with these
    types, options or computed attributes; `InvalidGraph` if the operator breaks TensorFlow Lite's own rules.
    """
    name = operator_name(view)
    convert = find_converter(name)
    if convert is None:
        raise UnsupportedOperation(f"npu-hal has no operation for {name}")
    operation = convert(Operands(name, view, tensors))
    try:
        operation.check_types(tensors)
    except InvalidGraph as error:
        raise UnsupportedOperation(f"{name} with these element types is not supported: {error}") from None
    return operation


def operator_name(view: OperatorView) -> str:
    """The name of an operator's kind: ``CONV_2D``, or ``CUSTOM:name``."""
    return f"CUSTOM:{view.custom_name}" if view.code == CUSTOM else code_name(view.code)


def code_name(code: int) -> str:
    """The schema's name of a builtin operator; ``BUILTIN_n`` for a number that it does not name."""
    return _names().get(code, f"BUILTIN_{code}")


def is_known_code(code: int) -> bool:
    """Whether the schema names a builtin operator of this number."""
    return code in _names()


@cache
def _names() -> dict[int, str]:
    """The schema's enumeration, from package `tflite`.

    Importing the package would load some 180 modules, which takes longer than reading a model; this takes one of them.
    """
    package = find_spec("tflite")
    if package is None or not package.submodule_search_locations:
        raise UnsupportedOperation("operators have no names without the package tflite: install npu-hal anew")
    path = Path(package.submodule_search_locations[0]) / "BuiltinOperator.py"
    spec = spec_from_file_location("npu_hal.tflite._builtin_operator", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return {code: name for name, code in vars(module.BuiltinOperator).items() if not name.startswith("_")}
