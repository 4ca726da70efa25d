"""The base of every validated, immutable type of the interface."""

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.exact_type import exact_type_checks


class ImmutableModel(BaseModel):
    """A frozen pydantic model whose validation failures are `InvalidGraph`, in one sentence."""

    # Validators are built when a type is first used: a program uses few of the operations.
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    # Type checkers see pydantic's synthesised signature, which this would hide.
    if not TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None:
            if not _take_as_they_are(self, fields):
                try:
                    super().__init__(**fields)
                except ValidationError as error:
                    raise InvalidGraph(f"{type(self).__name__}: {describe(error)}") from None
            self._check()

    def _check(self) -> None:
        """What must hold between fields whose values are valid each on its own; raises `InvalidGraph`."""


def _take_as_they_are(model: ImmutableModel, fields: dict[str, Any]) -> bool:
    """Give a new model its values without validation, if there is nothing to validate; whether it was done."""
    kind = type(model)
    if not _validates_types_only(kind):
        return False
    checks = exact_type_checks(kind)
    if not all(name in checks and checks[name](value) for name, value in fields.items()):
        return False
    values: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if name in fields:
            values[name] = fields[name]
        elif field.is_required():
            return False
        else:
            values[name] = field.get_default(call_default_factory=True)
    # What pydantic's own initialiser and `model_construct` set, by the attributes that BaseModel documents.
    for attribute, value in (
        ("__dict__", values),
        ("__pydantic_fields_set__", set(fields)),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(model, attribute, value)
    return True


@cache
def _validates_types_only(kind: type[ImmutableModel]) -> bool:
    """Whether no class derived from the interface's gave the model other rules that pydantic knows of."""
    return (
        kind.model_config == ImmutableModel.model_config
        and kind.__pydantic_decorators__ == ImmutableModel.__pydantic_decorators__
        and kind.model_post_init is BaseModel.model_post_init
        and not kind.__private_attributes__
    )


def describe(error: ValidationError) -> str:
    """The findings of a pydantic validation in one line: ``field: what is wrong``, separated by semicolons."""
    findings = []
    for item in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in item["loc"])
        findings.append(f"{place}: {item['msg']}" if place else item["msg"])
    return "; ".join(findings)
