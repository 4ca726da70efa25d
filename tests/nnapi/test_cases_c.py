"""The example cases of the NNAPI test specification through the C functions of libneuralnetworks.so."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from npu_hal_nnapi import OperationCode

from .c_library import Library, indices, operand_type
from .cases import Case, case_files, read_case


def build(nnapi: Library, case: Case) -> ctypes.c_void_p:
    model = ctypes.c_void_p()
    assert nnapi.Model_create(model) == 0
    index = {operand.name: position for position, operand in enumerate(case.operands)}
    for operand in case.operands:
        kind = operand.type
        given = operand_type(kind.code, kind.dimensions, kind.scale, kind.zero_point)
        assert nnapi.Model_addOperand(model, given) == 0
    for operand in case.operands:
        if operand.value is not None:
            value = operand.value
            address = value.ctypes.data if value.size else None
            assert nnapi.Model_setOperandValue(model, index[operand.name], address, value.nbytes) == 0
    for kind_name, inputs, outputs in case.operations:
        arguments = [indices([index[name] for name in names]) for names in (inputs, outputs)]
        code = OperationCode[kind_name]
        assert nnapi.Model_addOperation(model, code, len(inputs), arguments[0], len(outputs), arguments[1]) == 0
    ends = [indices([index[name] for name in names]) for names in (case.inputs, case.outputs)]
    assert nnapi.Model_identifyInputsAndOutputs(model, len(case.inputs), ends[0], len(case.outputs), ends[1]) == 0
    assert nnapi.Model_relaxComputationFloat32toFloat16(model, case.relaxed) == 0
    assert nnapi.Model_finish(model) == 0
    return model


def run(nnapi: Library, case: Case) -> None:
    model, compilation = build(nnapi, case), ctypes.c_void_p()
    assert nnapi.Compilation_create(model, compilation) == 0
    assert nnapi.Compilation_finish(compilation) == 0
    for example in case.examples:
        execution = ctypes.c_void_p()
        assert nnapi.Execution_create(compilation, execution) == 0
        given = {name: case.array(name, example["inputs"][name]) for name in case.inputs}
        for position, array in enumerate(given.values()):
            address = array.ctypes.data if array.size else None
            assert nnapi.Execution_setInput(execution, position, None, address, array.nbytes) == 0
        kinds = {name: case.operand(name).type for name in case.outputs}
        results = {name: np.full(kind.dimensions, 77, kind.numpy) for name, kind in kinds.items()}
        for position, array in enumerate(results.values()):
            assert nnapi.Execution_setOutput(execution, position, None, array.ctypes.data, array.nbytes) == 0
        assert nnapi.Execution_compute(execution) == 0
        for name, expected in case.expected(example).items():
            case.assert_close(name, results[name], expected)
        nnapi.Execution_free(execution)
    nnapi.Compilation_free(compilation)
    nnapi.Model_free(model)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_case(nnapi: Library, path: Path) -> None:
    run(nnapi, read_case(path))
