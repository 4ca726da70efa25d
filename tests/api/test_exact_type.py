"""Values are taken without validation only where pydantic would give them back as they are."""

from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model, field_validator

from npu_hal.api import (
    Activation,
    AnyOperation,
    DType,
    ExplicitPadding,
    Graph,
    InvalidGraph,
    Padding,
    Quantization,
    Relu,
    Reshape,
    Tensor,
)
from npu_hal.api.exact_type import exact_type_checks
from npu_hal.api.model import ImmutableModel

MODELS: tuple[type[ImmutableModel], ...] = (
    Graph,
    Tensor,
    Quantization,
    ExplicitPadding,
    *get_args(get_args(AnyOperation)[0]),
)

# Fields whose constraints only pydantic knows.
LEFT_TO_PYDANTIC = {"iou_threshold", "y_scale", "x_scale", "h_scale", "w_scale"}

TENSOR = Tensor(name="x", shape=(2,), dtype=DType.UINT8)
RELU = Relu(input=0, output=1)
SCALARS: tuple[Any, ...] = (
    None, False, True, -1, 0, 1, 2, 1 << 70, -0.5, 0.0, 0.5, 1.0, float("inf"),
    np.int64(1), np.float32(0.5), np.bool_(True), "", "x", "naïve", "line\nbreak", "\ud800", "1", b"x",
    "SAME", "RELU", "uint8", Padding.SAME, Activation.NONE, Activation.RELU, DType.UINT8,
    ExplicitPadding(), Quantization.per_tensor(0.5), TENSOR, RELU, np.zeros(2, np.uint8), object(),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *SCALARS,
    (),
    *((scalar,) for scalar in SCALARS),
    *([scalar] for scalar in SCALARS),
    *((first, second) for first in SCALARS for second in (0, 0.5, None)),
    ((0, 1), (2, 3)), ((0, 1), [2, 3]), ((0, 1, 2),), ((-1, 0),), {"top": 1}, {0, 1}, range(2),
)  # fmt: skip


class _Base(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)


@pytest.mark.parametrize(
    ("model", "name"),
    [pytest.param(model, name, id=f"{model.__name__}.{name}") for model in MODELS for name in model.model_fields],
)
def test_exact_values_are_those_that_pydantic_gives_back(model: type[ImmutableModel], name: str) -> None:
    field = model.model_fields[name]
    check = exact_type_checks(model)[name]
    alone = create_model("alone", __base__=_Base, value=(field.annotation, field))  # type: ignore[arg-type]
    values = (*VALUES, *(get_args(field.annotation) if get_origin(field.annotation) is Literal else ()))
    taken = [value for value in values if check(value)]
    assert bool(taken) != (name in LEFT_TO_PYDANTIC)
    for value in taken:
        (validated,) = alone(value=value).__dict__.values()
        assert type(validated) is type(value)
        assert validated is value or repr(validated) == repr(value)


def test_what_is_converted_or_refused_is_left_to_pydantic() -> None:
    assert repr(Relu(input=True, output=1.0)) == "Relu(kind='RELU', input=1, output=1)"
    assert Quantization(scales=[1], zero_points=[0]).scales == (1.0,)
    for wrong, message in (
        ({"input": -1, "output": 0}, "Relu: input: Input should be greater than or equal to 0"),
        ({"input": 0}, "Relu: output: Field required"),
        ({"input": 0, "output": 1, "alpha": 1.0}, "Relu: alpha: Extra inputs are not permitted"),
        ({"input": 0, "output": 1, "kind": "RELU6"}, "Relu: kind: Input should be 'RELU'"),
    ):
        with pytest.raises(InvalidGraph) as caught:
            Relu(**wrong)
        assert str(caught.value) == message


def test_both_ways_give_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fields: dict[str, Any] = {"name": "x", "shape": (2,), "dtype": DType.UINT8, "data": np.zeros(2, np.uint8)}
    exact = Tensor(**fields), Reshape(input=0, output=1, shape=(2,))
    monkeypatch.setattr("npu_hal.api.model._take_as_they_are", lambda model, fields: False)
    validated = Tensor(**fields), Reshape(input=0, output=1, shape=(2,))
    for ours, pydantics in zip(exact, validated, strict=True):
        assert ours == pydantics
        assert list(ours.__dict__) == list(pydantics.__dict__)
        assert ours.model_fields_set == pydantics.model_fields_set
        assert ours.model_dump(exclude={"data"}, exclude_unset=True) == pydantics.model_dump(
            exclude={"data"}, exclude_unset=True
        )
        assert ours.model_copy() == pydantics
    with pytest.raises(ValidationError, match="frozen"):
        exact[1].shape = (1, 2)  # type: ignore[misc]


def test_validators_of_derived_classes_run() -> None:
    class Even(Relu):
        """A model with a rule that pydantic knows of."""

        @field_validator("input")
        @classmethod
        def _even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("an even tensor is wanted")
            return value

    class Strict(Relu):
        """A model with another configuration."""

        model_config = ConfigDict(str_to_lower=True)
        note: str

    class Initialised(Relu):
        """A model that does something once it is made."""

        note: str = "early"

        def model_post_init(self, context: Any) -> None:
            self.__dict__["note"] = "late"

    assert Even(input=2, output=1).input == 2
    with pytest.raises(InvalidGraph, match="Even: input: Value error, an even tensor is wanted"):
        Even(input=1, output=2)
    assert Strict(input=0, output=1, note="LOUD").note == "loud"
    assert Initialised(input=0, output=1).note == "late"


def test_plain_data_of_models_is_validated() -> None:
    adapter: TypeAdapter[Relu] = TypeAdapter(Relu)
    assert adapter.validate_python({"input": 0, "output": 1}) == RELU
    assert adapter.validate_json('{"input": 0, "output": 1}') == RELU
    with pytest.raises(InvalidGraph, match="scales"):
        Tensor.model_validate(
            {"name": "x", "shape": (2,), "dtype": "uint8", "quantization": {"scales": (), "zero_points": ()}}
        )
