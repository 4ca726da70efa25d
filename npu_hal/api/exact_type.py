"""Telling whether values have exactly the types that a model declares.

pydantic gives such values back as they are. A model of nothing else can be made without its validator, which takes
longer to build than a graph of a hundred tensors to read. All that is to be converted, or refused with a reason, is
left to pydantic, and so is every annotation that is not understood here.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

Check = Callable[[Any], bool]


@cache
def exact_type_checks(model: type[BaseModel]) -> Mapping[str, Check]:
    """For each field of `model`, whether a value is one that pydantic would take as it is."""
    return {
        name: _never if field.alias is not None else _check(field.annotation, field.metadata)
        for name, field in model.model_fields.items()
    }


def _check(annotation: object, marks: list[Any]) -> Check:
    constraints = []
    for mark in marks:
        constraint = _constraint(mark)
        if constraint is None:
            return _never
        constraints.append(constraint)
    checks = (_type_check(annotation), *(check for check in constraints if check is not _always))
    return checks[0] if len(checks) == 1 else lambda value: all(check(value) for check in checks)


def _type_check(annotation: object) -> Check:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = [mark for part in arguments[1:] for mark in (part.metadata if isinstance(part, FieldInfo) else (part,))]
        return _check(arguments[0], marks)
    if origin in (Union, UnionType):
        alternatives = [_type_check(argument) for argument in arguments]
        return lambda value: any(check(value) for check in alternatives)
    if origin is Literal:
        return lambda value: type(value) is str and value in arguments
    if origin is tuple:
        return _tuple_check(arguments)
    if origin is np.ndarray:
        return lambda value: isinstance(value, np.ndarray)
    if annotation is str:
        # pydantic refuses lone surrogates, which are not printable.
        return lambda value: type(value) is str and (value.isascii() or value.isprintable())
    if not isinstance(annotation, type):
        return _never
    if annotation in (int, float, bool, NoneType) or issubclass(annotation, Enum):
        return lambda value: type(value) is annotation
    if issubclass(annotation, BaseModel):
        return lambda value: isinstance(value, annotation)
    return _never


def _tuple_check(arguments: tuple[Any, ...]) -> Check:
    items = [_type_check(argument) for argument in arguments if argument is not Ellipsis]
    if len(items) < len(arguments):
        return lambda value: type(value) is tuple and all(items[0](item) for item in value)
    return lambda value: (
        type(value) is tuple
        and len(value) == len(items)
        and all(check(item) for check, item in zip(items, value, strict=True))
    )


def _always(value: Any) -> bool:
    return True


def _never(value: Any) -> bool:
    return False


# What pydantic makes of the constraints that fields have here.
_CONSTRAINTS: Mapping[object, Check] = {
    Field(ge=0).metadata[0]: lambda value: value >= 0,
    Field(ge=1).metadata[0]: lambda value: value >= 1,
    Field(min_length=1).metadata[0]: lambda value: len(value) >= 1,
}


def _constraint(mark: object) -> Check | None:
    """The check that an annotation's mark adds; None if it is not understood."""
    if isinstance(mark, Enum):
        # Pydantic passes over marks that are not its own.
        return _always
    own: Check | None = getattr(mark, "is_exact", None)
    return own or _CONSTRAINTS.get(mark)
