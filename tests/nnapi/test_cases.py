"""The example cases of the NNAPI test specification through the Python API."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from npu_hal_nnapi import Compilation, Device, Execution, Model, OperationCode

from .cases import Case, case_files, read_case


def build(case: Case) -> Model:
    model = Model()
    index = {operand.name: model.add_operand(operand.type) for operand in case.operands}
    for operand in case.operands:
        if operand.kind == "constant":
            model.set_operand_value(index[operand.name], operand.value)
    for kind, inputs, outputs in case.operations:
        model.add_operation(OperationCode[kind], [index[name] for name in inputs], [index[name] for name in outputs])
    model.identify_inputs_and_outputs([index[name] for name in case.inputs], [index[name] for name in case.outputs])
    model.relax_float32(case.relaxed)
    model.finish()
    return model


def run(case: Case, devices: Sequence[Device] | None = None) -> None:
    compilation = Compilation(build(case), devices)
    compilation.finish()
    for example in case.examples:
        execution = Execution(compilation)
        for position, name in enumerate(case.inputs):
            given = case.array(name, example["inputs"][name])
            execution.set_input(position, given if given.size else None)
        results = {}
        for position, name in enumerate(case.outputs):
            kind = case.operand(name).type
            results[name] = np.full(kind.dimensions, 77, kind.numpy)
            execution.set_output(position, results[name])
        execution.compute()
        for name, expected in case.expected(example).items():
            case.assert_close(name, results[name], expected)
    compilation.close()


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    run(read_case(path))
