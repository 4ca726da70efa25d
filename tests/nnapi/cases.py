"""The example cases of the public NNAPI test specification, as plain data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_nnapi import OperandCode, OperandType
from tests.conftest import shared_folder


@dataclass(frozen=True, slots=True)
class CaseOperand:
    """An operand: its type, whether it is input, output or constant, and the constant's value."""

    name: str
    type: OperandType
    kind: str
    value: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Case:
    """A model with examples: inputs and the outputs expected of them, by operand name."""

    name: str
    relaxed: bool
    operands: tuple[CaseOperand, ...]
    operations: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    examples: tuple[dict[str, dict[str, list[Any]]], ...]

    def operand(self, name: str) -> CaseOperand:
        return next(operand for operand in self.operands if operand.name == name)

    def expected(self, example: dict[str, dict[str, list[Any]]]) -> dict[str, list[Any]]:
        """An example's outputs but for those whose contents the specification leaves open."""
        return {
            name: values for name, values in example["outputs"].items() if self.operand(name).kind != "ignored_output"
        }

    def array(self, name: str, values: list[Any]) -> NDArray[Any]:
        """An example's values in the operand's type and dimensions."""
        kind = self.operand(name).type
        array = np.array(values, dtype=kind.numpy)
        return array.reshape(kind.dimensions) if array.size else array

    def assert_close(self, name: str, actual: NDArray[Any], values: list[Any]) -> None:
        """Hold an output against the tolerances of the specification."""
        expected = self.array(name, values)
        if expected.dtype != np.float32:
            steps = 1 if self.operand(name).type.scale else 0
            difference = np.abs(actual.astype(np.int64) - expected.astype(np.int64))
            assert difference.max(initial=0) <= steps, (actual, expected)
            return
        absolute = relative = 5e-3
        if not self.relaxed:
            absolute, relative = 1e-5, 5 * float(np.finfo(np.float32).eps)
        np.testing.assert_allclose(actual, expected, rtol=relative, atol=absolute)


def case_files() -> list[Path]:
    return sorted((shared_folder() / "nnapi" / "cases").glob("*.json"))


def read_case(path: Path) -> Case:
    data = json.loads(path.read_text())
    return Case(
        name=data["name"],
        relaxed=data["relaxed"],
        operands=tuple(_operand(item) for item in data["operands"]),
        operations=tuple((item["op"], tuple(item["inputs"]), tuple(item["outputs"])) for item in data["operations"]),
        inputs=tuple(data["inputs"]),
        outputs=tuple(data["outputs"]),
        examples=tuple(data["examples"]),
    )


def _operand(item: dict[str, Any]) -> CaseOperand:
    kind = OperandType(
        OperandCode[item["type"]], tuple(item["shape"]), float(np.float32(item["scale"])), item["zero_point"]
    )
    value = None if item["value"] is None else np.array(item["value"], kind.numpy).reshape(kind.dimensions)
    return CaseOperand(item["name"], kind, item["kind"], value)
