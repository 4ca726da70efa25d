"""One operator of a TensorFlow Lite model, wherever it was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OptionValue = int | float | bool | str | tuple[int, ...]

# BuiltinOperator.CUSTOM: the operator is named, not numbered.
CUSTOM = 32


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator as a model file or a TFLite runtime shows it, in the terms of TFLite's schema.

    `code` is the builtin operator's number, `custom_name` the name of a custom one (`code` is 32 then). `inputs` and
    `outputs` are indices of tensors, -1 for an optional input that is absent. `options` are the fields of the
    operator's options table under the schema's names; enumerations have the schema's numbers. An option that is not
    there has the schema's default. `intermediates` are tensors that only tell the quantisation of values inside of a
    recurrent operator; `custom_options` is what a custom operator carries instead of `options`.
    """

    code: int
    custom_name: str = ""
    version: int = 1
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    intermediates: tuple[int, ...] = ()
    custom_options: bytes = b""
