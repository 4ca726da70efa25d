"""The base of every validated, immutable type of the interface."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from npu_hal.api.errors import InvalidGraph


class ImmutableModel(BaseModel):
    """A frozen pydantic model whose validation failures are `InvalidGraph`, in one sentence."""

    # Validators are built when a type is first used: a program uses few of the operations.
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    # Type checkers see pydantic's synthesised signature, which this would hide.
    if not TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None:
            try:
                super().__init__(**fields)
            except ValidationError as error:
                raise InvalidGraph(f"{type(self).__name__}: {describe(error)}") from None


def describe(error: ValidationError) -> str:
    """The findings of a pydantic validation in one line: ``field: what is wrong``, separated by semicolons."""
    findings = []
    for item in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in item["loc"])
        findings.append(f"{place}: {item['msg']}" if place else item["msg"])
    return "; ".join(findings)
