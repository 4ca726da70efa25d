"""Arithmetic of numbers that are not quantised: float32 and int32, element by element."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from npu_hal_software.jit.ir import I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.layout import NUMBER_FUNCTIONS, NUMBER_LANES
from npu_hal_software.jit.record import NUMBERS


@dataclass(frozen=True, slots=True)
class NumberFunction:
    """A function of one or two numbers of type `element`; unary ones ignore the second."""

    element: str
    compute: Callable[[Value, Value], Value]


def _floor_quotient(left: Value, right: Value) -> Value:
    """Rounded down, for divisors above 0."""
    quotient, rest = left.sdiv(right), left.srem(right)
    return quotient + (rest >> 31)


def _square_root(left: Value, right: Value) -> Value:
    return left.function.intrinsic(f"llvm.sqrt.{left.type.mangled}", left.type, (left,))


_FUNCTIONS = {
    "ADD float32": NumberFunction("float", Value.fadd),
    "SUB float32": NumberFunction("float", Value.fsub),
    "MUL float32": NumberFunction("float", Value.fmul),
    "DIV float32": NumberFunction("float", Value.fdiv),
    "SQRT float32": NumberFunction("float", _square_root),
    "ADD int32": NumberFunction("i32", Value.__add__),
    "SUB int32": NumberFunction("i32", Value.__sub__),
    "MUL int32": NumberFunction("i32", Value.__mul__),
    "FLOOR_DIV int32": NumberFunction("i32", _floor_quotient),
    "CAST int32": NumberFunction("i32", lambda left, _: left.convert("sitofp", "float")),
}


def emit_numbers(context: KernelContext) -> Kernel:
    """A loop for each function: whole vectors, also at the end."""
    kind = NUMBERS
    function = context.module.function("numbers", KERNEL_PARAMETERS)
    operation = function["operation"]
    vectors = (kind.read(operation, "count") + (NUMBER_LANES - 1)).udiv(NUMBER_LANES)
    first, end = chunk_range(function, vectors)

    def loop(number_function: NumberFunction) -> None:
        type_ = Type(number_function.element, NUMBER_LANES)
        with function.count(end, start=first) as index:
            left, right = (_operand(operation, name, index, type_) for name in ("lhs", "rhs"))
            result = _bounded(operation, number_function.compute(left, right))
            kind.read(operation, "output", PTR).store(result, index * type_.bytes)

    cases = {code: partial(loop, _FUNCTIONS[name]) for code, name in enumerate(NUMBER_FUNCTIONS)}
    function.switch(kind.read(operation, "function"), cases)
    return Kernel(kind, "numbers")


def _operand(operation: Value, name: str, index: Value, type_: Type) -> Value:
    """The next vector of an operand, or its first number in every lane."""
    address = NUMBERS.read(operation, name, PTR)
    first = address.load(Type(type_.element)).splat(NUMBER_LANES)
    moves = NUMBERS.read(operation, f"{name}_step").compare("ne", 0)
    # Both are loaded, whichever is taken: so the vector is never further than a single number's own slack.
    position = moves.select(index * type_.bytes, operation.function.value(0, I64))
    return moves.select(address.load(type_, position), first)


def _bounded(operation: Value, result: Value) -> Value:
    """The result within its bounds; NaN is what it is."""
    comparison = "fcmp" if result.type.element == "float" else "icmp"
    predicates = ("olt", "ogt") if comparison == "fcmp" else ("slt", "sgt")
    for name, predicate in zip(("low", "high"), predicates, strict=True):
        bound = NUMBERS.read(operation, name, Type(result.type.element)).splat(NUMBER_LANES)
        is_beyond = result.function.emit(result.type.of("i1"), f"{comparison} {predicate} {result}, {bound.text}")
        result = is_beyond.select(bound, result)
    return result
