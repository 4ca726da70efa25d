"""The public surface of npu_hal.api as plain data.

``python tests/api/surface.py`` records it as ``surface/<API_VERSION>.json`` and refuses to change a record: a change
of the surface goes with a new version.
"""

import abc
import dataclasses
import enum
import inspect
import json
import re
from pathlib import Path
from typing import Any, get_args

import pydantic

import npu_hal.api

FOLDER = Path(__file__).parent / "surface"


def describe_surface() -> dict[str, Any]:
    """Every public name with what code outside can depend on: bases, signatures, fields, members."""
    return {name: _describe(getattr(npu_hal.api, name)) for name in sorted(npu_hal.api.__all__)}


def record_file(version: tuple[int, int]) -> Path:
    return FOLDER / f"{version[0]}.{version[1]}.json"


def _describe(thing: object) -> Any:
    if inspect.isclass(thing):
        return _describe_class(thing)
    if inspect.isfunction(thing):
        return {"function": _signature(thing)}
    if isinstance(thing, str | tuple) and type(thing).__module__ == "builtins":
        return {"value": thing}
    # Type aliases, markers and the version itself, which moves on its own.
    return {"kind": type(thing).__name__}


def _describe_class(thing: type) -> dict[str, Any]:
    # Classes that the package keeps to itself may come and go between a public class and its public bases.
    public = set(npu_hal.api.__all__)
    bases = [
        base for base in thing.__mro__[1:] if base.__module__.split(".")[0] != "npu_hal" or base.__name__ in public
    ]
    result: dict[str, Any] = {"bases": [base.__name__ for base in bases if base not in (object, abc.ABC)]}
    if issubclass(thing, enum.Enum):
        result["members"] = {member.name: member.value for member in thing}
        return result
    if issubclass(thing, pydantic.BaseModel):
        result["fields"] = {
            name: {"type": _type_name(_field_type(thing, name)), "required": field.is_required()}
            for name, field in thing.model_fields.items()
        }
    elif dataclasses.is_dataclass(thing):
        result["fields"] = {field.name: _type_name(field.type) for field in dataclasses.fields(thing)}
    result["members"] = {
        name: _member(value)
        for klass in reversed(thing.__mro__)
        if klass.__module__.startswith("npu_hal.api")
        for name, value in sorted(vars(klass).items())
        if not name.startswith("_") and not name.startswith("model_") and name not in result.get("fields", {})
    }
    return result


def _member(value: object) -> str:
    if isinstance(value, classmethod | staticmethod):
        return f"{type(value).__name__} {_signature(value.__func__)}"
    if inspect.isfunction(value):
        abstract = "abstract " if getattr(value, "__isabstractmethod__", False) else ""
        return f"{abstract}method {_signature(value)}"
    if isinstance(value, property):
        return "property"
    return "attribute"


def _signature(function: Any) -> str:
    text = str(inspect.signature(function))
    # Annotations with names that their module imports for type checkers only are in quotes.
    for annotation in re.findall(r"'([^']+)'", text):
        name = annotation.split(" ")[0]
        if name in npu_hal.api.__all__ and name not in function.__globals__:
            meant = eval(annotation, {name: getattr(npu_hal.api, name)})
            text = text.replace(f"'{annotation}'", inspect.formatannotation(meant))
    return _without_modules(text)


def _field_type(model: type[pydantic.BaseModel], name: str) -> object:
    annotation = model.model_fields[name].annotation
    # While a program runs, the operations' base stands for their union here.
    return tuple[npu_hal.api.AnyOperation, ...] if annotation == tuple[npu_hal.api.Operation, ...] else annotation


def _type_name(annotation: object) -> str:
    name = annotation.__name__ if inspect.isclass(annotation) else str(annotation)
    return _without_modules(name)


def _without_modules(text: str) -> str:
    # Where a type lives inside of a package, here or in numpy, is not part of the surface.
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])", "", text)
    # The union of the operations grows with minor versions; its members are recorded on their own.
    return text.replace(" | ".join(member.__name__ for member in _operations()), "AnyOperation")


def _operations() -> tuple[type, ...]:
    union, _ = get_args(npu_hal.api.AnyOperation)
    return get_args(union)


def main() -> None:
    path = record_file(npu_hal.api.API_VERSION)
    text = json.dumps(describe_surface(), indent=1, sort_keys=True) + "\n"
    if path.exists() and path.read_text() != text:
        raise SystemExit(f"{path.name} is recorded and differs: move API_VERSION before you record the new surface")
    path.write_text(text)


if __name__ == "__main__":
    main()
