"""The example cases with something wrong in them: they run, or are refused with a code of the specification."""

import random
from pathlib import Path

import numpy as np
import pytest

from npu_hal_nnapi import Compilation, Execution, Model, NnapiError, OperandCode, OperandType, OperationCode

from .cases import Case, CaseOperand, case_files, read_case

MUTATIONS = 25
EXTREMES = (-(2**31), -3, -1, 0, 1, 2, 3, 4, 5, 7, 100, 2**31 - 1)


def mutated_type(kind: OperandType, choice: random.Random) -> OperandType:
    dimensions = list(kind.dimensions)
    code = kind.code
    way = choice.randrange(4)
    if way == 0 and dimensions:
        dimensions[choice.randrange(len(dimensions))] = choice.choice((0, 1, 2, 3, 5))
    elif way == 1:
        dimensions.insert(choice.randint(0, len(dimensions)), choice.choice((1, 2)))
    elif way == 2 and dimensions:
        del dimensions[choice.randrange(len(dimensions))]
    else:
        code = choice.choice(list(OperandCode))
    return OperandType(code, tuple(dimensions), kind.scale, kind.zero_point)


def mutate(case: Case, choice: random.Random) -> Model:
    """The case as a model, but for one thing."""
    model = Model()
    index = {operand.name: position for position, operand in enumerate(case.operands)}
    victim = choice.randrange(len(case.operands))
    way = choice.choice(("type", "value", "value", "operation", "lifetime"))
    for position, operand in enumerate(case.operands):
        is_changed = way == "type" and position == victim
        model.add_operand(mutated_type(operand.type, choice) if is_changed else operand.type)
    constants = [operand for operand in case.operands if operand.value is not None]
    for operand in constants:
        if way == "lifetime" and operand is constants[victim % len(constants)]:
            model.set_operand_value(index[operand.name], None)
        else:
            is_changed = way == "value" and operand is constants[victim % len(constants)]
            value = mutated_value(operand, choice) if is_changed else operand.value
            model.set_operand_value(index[operand.name], value)
    for kind, inputs, outputs in case.operations:
        code = choice.choice(list(OperationCode)) if way == "operation" else OperationCode[kind]
        model.add_operation(code, [index[name] for name in inputs], [index[name] for name in outputs])
    model.identify_inputs_and_outputs([index[name] for name in case.inputs], [index[name] for name in case.outputs])
    model.finish()
    return model


def mutated_value(operand: CaseOperand, choice: random.Random) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    assert operand.value is not None
    value = operand.value.copy()
    if value.size:
        flat = value.reshape(-1)
        position = choice.randrange(len(flat))
        if value.dtype.kind == "f":
            flat[position] = choice.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))
        else:
            flat[position] = np.array(choice.choice(EXTREMES)).astype(value.dtype)
    return value


def attempt(case: Case, choice: random.Random) -> bool:
    """Whether the mutated case runs."""
    try:
        model = mutate(case, choice)
        compilation = Compilation(model)
        compilation.finish()
        execution = Execution(compilation)
        for position, operand in enumerate(model.inputs):
            kind = model.operands[operand].type
            execution.set_input(position, np.zeros(kind.dimensions, kind.numpy) if kind.nbytes else None)
        for position, operand in enumerate(model.outputs):
            kind = model.operands[operand].type
            execution.set_output(position, np.zeros(kind.dimensions, kind.numpy))
        execution.compute()
    except NnapiError:
        return False
    return True


@pytest.mark.usefixtures("shared")
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_whatever_is_wrong_is_said_in_a_code(path: Path) -> None:
    case, choice = read_case(path), random.Random(path.stem)
    ran = sum(attempt(case, choice) for _ in range(MUTATIONS))
    assert ran < MUTATIONS
