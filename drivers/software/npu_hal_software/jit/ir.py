"""A small builder of LLVM IR text: typed values with operators, structured loops, and functions.

Mutable variables are stack slots, which LLVM's scalar replacement turns into registers; so generators write loops and
branches as they would in any language, and no phi node by hand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple


class Type(NamedTuple):
    """A scalar type (`lanes` is 0) or a vector of scalars."""

    element: str
    lanes: int = 0

    def __str__(self) -> str:
        return f"<{self.lanes} x {self.element}>" if self.lanes else self.element

    @property
    def bits(self) -> int:
        """Bits of one element."""
        return {"float": 32, "double": 64, "ptr": 64}.get(self.element) or int(self.element[1:])

    @property
    def bytes(self) -> int:
        """Bytes of the whole value."""
        return self.bits * max(self.lanes, 1) // 8

    @property
    def mangled(self) -> str:
        """The type's name inside of an overloaded intrinsic's name."""
        element = {"float": "f32", "double": "f64", "ptr": "p0"}.get(self.element, self.element)
        return f"v{self.lanes}{element}" if self.lanes else element

    def of(self, element: str) -> "Type":
        """A type of as many lanes of another element."""
        return Type(element, self.lanes)

    def constant(self, value: int | float) -> str:
        """The text of a constant that has `value` in every lane."""
        text = f"{float(value):e}" if self.element in ("float", "double") else str(int(value))
        if self.element == "ptr" and value == 0:
            text = "null"
        if not self.lanes:
            return text
        return f"splat ({self.element} {text})"


VOID = Type("void")
I1, I8, I16, I32, I64 = Type("i1"), Type("i8"), Type("i16"), Type("i32"), Type("i64")
F32, PTR = Type("float"), Type("ptr")


class Value:
    """A typed value inside of a function under construction. Integers in operators are splat to its type."""

    __slots__ = ("function", "text", "type")

    def __init__(self, function: "Function", type_: Type, text: str) -> None:
        self.function = function
        self.type = type_
        self.text = text

    def __str__(self) -> str:
        return f"{self.type} {self.text}"

    def _binary(self, opcode: str, other: "Value | int | float") -> "Value":
        right = self.function.value(other, self.type)
        return self.function.emit(self.type, f"{opcode} {self}, {right.text}")

    def __add__(self, other: "Value | int") -> "Value":
        return self._binary("add", other)

    def __sub__(self, other: "Value | int") -> "Value":
        return self._binary("sub", other)

    def __mul__(self, other: "Value | int") -> "Value":
        return self._binary("mul", other)

    def __and__(self, other: "Value | int") -> "Value":
        return self._binary("and", other)

    def __or__(self, other: "Value | int") -> "Value":
        return self._binary("or", other)

    def __xor__(self, other: "Value | int") -> "Value":
        return self._binary("xor", other)

    def __lshift__(self, other: "Value | int") -> "Value":
        return self._binary("shl", other)

    def __rshift__(self, other: "Value | int") -> "Value":
        """Arithmetic shift: the sign is kept."""
        return self._binary("ashr", other)

    def lshr(self, other: "Value | int") -> "Value":
        """Logical shift right."""
        return self._binary("lshr", other)

    def udiv(self, other: "Value | int") -> "Value":
        """Unsigned division."""
        return self._binary("udiv", other)

    def urem(self, other: "Value | int") -> "Value":
        """Unsigned remainder."""
        return self._binary("urem", other)

    def sdiv(self, other: "Value | int") -> "Value":
        """Signed division, rounded towards zero."""
        return self._binary("sdiv", other)

    def srem(self, other: "Value | int") -> "Value":
        """Signed remainder, of the sign of this value."""
        return self._binary("srem", other)

    def fadd(self, other: "Value | float") -> "Value":
        """Floating-point sum."""
        return self._binary("fadd", other)

    def fsub(self, other: "Value | float") -> "Value":
        """Floating-point difference."""
        return self._binary("fsub", other)

    def fmul(self, other: "Value | float") -> "Value":
        """Floating-point product."""
        return self._binary("fmul", other)

    def fdiv(self, other: "Value | float") -> "Value":
        """Floating-point quotient."""
        return self._binary("fdiv", other)

    def compare(self, predicate: str, other: "Value | int") -> "Value":
        """Integer comparison by LLVM's predicate: eq, ne, ult, slt, ..."""
        right = self.function.value(other, self.type)
        return self.function.emit(self.type.of("i1"), f"icmp {predicate} {self}, {right.text}")

    def convert(self, opcode: str, element: str) -> "Value":
        """Conversion of every lane by LLVM's opcode: sext, zext, trunc, sitofp, fptosi, ..."""
        target = self.type.of(element)
        return self.function.emit(target, f"{opcode} {self} to {target}")

    def bitcast(self, target: Type) -> "Value":
        """The same bits as another type."""
        if target == self.type:
            return self
        return self.function.emit(target, f"bitcast {self} to {target}")

    def select(self, yes: "Value", no: "Value") -> "Value":
        """Lane by lane `yes` where this i1 is true, else `no`."""
        return self.function.emit(yes.type, f"select {self}, {yes}, {no}")

    def shuffle(self, other: "Value | None", indices: Sequence[int]) -> "Value":
        """Lanes of this vector and, from index `lanes` on, of `other`."""
        right = str(other) if other is not None else f"{self.type} poison"
        mask = ", ".join(f"i32 {index}" for index in indices)
        target = Type(self.type.element, len(indices))
        return self.function.emit(target, f"shufflevector {self}, {right}, <{len(indices)} x i32> <{mask}>")

    def splat(self, lanes: int) -> "Value":
        """A vector with this scalar in every lane."""
        target = Type(self.type.element, lanes)
        first = self.function.emit(target, f"insertelement {target} poison, {self}, i64 0")
        return self.function.emit(target, f"shufflevector {first}, {target} poison, <{lanes} x i32> zeroinitializer")

    def lane(self, index: int) -> "Value":
        """One lane as a scalar."""
        return self.function.emit(Type(self.type.element), f"extractelement {self}, i64 {index}")

    def offset(self, byte_count: "Value | int") -> "Value":
        """This pointer moved by a number of bytes."""
        if byte_count == 0:
            return self
        step = self.function.value(byte_count, I64)
        return self.function.emit(PTR, f"getelementptr i8, ptr {self.text}, {step}")

    def load(self, type_: Type, offset: "Value | int" = 0) -> "Value":
        """What this pointer, moved by `offset` bytes, points to; no alignment is assumed."""
        return self.function.emit(type_, f"load {type_}, ptr {self.offset(offset).text}, align 1")

    def store(self, value: "Value", offset: "Value | int" = 0) -> None:
        """Write `value` to where this pointer, moved by `offset` bytes, points."""
        self.function.statement(f"store {value}, ptr {self.offset(offset).text}, align 1")


class Variable(NamedTuple):
    """A mutable local of a function."""

    type: Type
    slot: Value

    def get(self) -> Value:
        """The current value."""
        return self.slot.load(self.type)

    def set(self, value: Value) -> None:
        """Assign."""
        self.slot.store(value)


class Module:
    """A collection of functions, and the declarations of what they call from outside."""

    def __init__(self) -> None:
        self._functions: list[Function] = []
        self._declarations: dict[str, str] = {}

    def function(self, name: str, parameters: Mapping[str, Type], *, public: bool = False) -> "Function":
        """Begin a function without result; its body follows by the methods of what is returned."""
        function = Function(self, name, parameters, public)
        self._functions.append(function)
        return function

    def declare(self, name: str, result: Type, parameters: Sequence[Type]) -> None:
        """Make an intrinsic or external function known."""
        arguments = ", ".join(str(parameter) for parameter in parameters)
        self._declarations[name] = f"declare {result} @{name}({arguments})"

    @property
    def text(self) -> str:
        """The module in LLVM's assembly language."""
        parts = [*self._declarations.values(), *(function.text for function in self._functions)]
        return "\n".join(parts) + "\n"


class Function:
    """A function under construction."""

    def __init__(self, module: Module, name: str, parameters: Mapping[str, Type], public: bool) -> None:
        self.module = module
        self.name = name
        self._public = public
        self._parameters = dict(parameters)
        self._slots: list[str] = []
        self._lines: list[str] = []
        self._count = 0

    def __getitem__(self, parameter: str) -> Value:
        return Value(self, self._parameters[parameter], f"%{parameter}")

    @property
    def text(self) -> str:
        """The function in LLVM's assembly language."""
        linkage = "" if self._public else "internal "
        arguments = ", ".join(f"{type_} %{name}" for name, type_ in self._parameters.items())
        body = "\n".join([*self._slots, *self._lines])
        return f"define {linkage}void @{self.name}({arguments}) noinline nounwind {{\nentry:\n{body}\n  ret void\n}}\n"

    def emit(self, type_: Type, text: str) -> Value:
        """Append an instruction that yields a value."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return Value(self, type_, name)

    def statement(self, text: str) -> None:
        """Append an instruction without a value."""
        self._lines.append(f"  {text}")

    def value(self, value: Value | int | float, type_: Type) -> Value:
        """`value`, or a constant of `type_` if it is a Python number."""
        return value if isinstance(value, Value) else Value(self, type_, type_.constant(value))

    def variable(self, initial: Value) -> Variable:
        """A mutable local that starts as `initial`."""
        variable = self.uninitialised(initial.type)
        variable.set(initial)
        return variable

    def uninitialised(self, type_: Type) -> Variable:
        """A mutable local without a value yet."""
        return Variable(type_, self.stack(type_))

    def stack(self, type_: Type) -> Value:
        """The address of stack memory for a value of `type_`."""
        name = f"%s{len(self._slots)}"
        self._slots.append(f"  {name} = alloca {type_}, align {min(type_.bytes, 64)}")
        return Value(self, PTR, name)

    def call(self, callee: str, arguments: Sequence[Value], result: Type = VOID) -> Value:
        """Call a function of this module or a declared one."""
        text = f"call {result} @{callee}({', '.join(str(argument) for argument in arguments)})"
        if result == VOID:
            self.statement(text)
            return Value(self, VOID, "")
        return self.emit(result, text)

    def calling(self, callee: str, arguments: Sequence[Value]) -> Callable[[], None]:
        """What emits a call when it is called: a branch for `choose` or `switch`."""

        def branch() -> None:
            self.call(callee, arguments)

        return branch

    def intrinsic(self, name: str, result: Type, arguments: Sequence[Value]) -> Value:
        """Call an intrinsic of LLVM, or a function of the C library, and declare it."""
        self.module.declare(name, result, [argument.type for argument in arguments])
        return self.call(name, arguments, result)

    def minimum(self, left: Value, right: Value, kind: str = "smin") -> Value:
        """The smaller (kind smin, umin) or larger (smax, umax) of two integers."""
        return self.intrinsic(f"llvm.{kind}.{left.type.mangled}", left.type, (left, right))

    def maximum(self, left: Value, right: Value) -> Value:
        """The larger of two signed integers."""
        return self.minimum(left, right, "smax")

    @contextmanager
    def count(
        self, stop: Value, step: int = 1, start: Value | int = 0, *, at_least_once: bool = False
    ) -> Iterator[Value]:
        """A loop whose body runs for i64 values from `start` below `stop`; `at_least_once` skips the first test."""
        index = self.variable(self.value(start, I64))
        with self.loop(lambda: index.get().compare("slt", stop), at_least_once=at_least_once):
            current = index.get()
            yield current
            index.set(current + step)

    @contextmanager
    def loop(self, condition: Callable[[], Value], *, at_least_once: bool = False) -> Iterator[None]:
        """A loop whose body runs while `condition()`, evaluated before each round, holds."""
        head, body, done = self._labels("head", "body", "done")
        self._branch(body if at_least_once else head)
        if not at_least_once:
            self._label(head)
            self.statement(f"br {condition()}, label %{body}, label %{done}")
        self._label(body)
        yield
        if at_least_once:
            self.statement(f"br {condition()}, label %{body}, label %{done}")
        else:
            self._branch(head)
        self._label(done)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Code that runs if `condition` (an i1) holds."""
        yes, done = self._labels("then", "done")
        self.statement(f"br {condition}, label %{yes}, label %{done}")
        self._label(yes)
        yield
        self._branch(done)
        self._label(done)

    def choose(self, condition: Value, yes: Callable[[], None], no: Callable[[], None]) -> None:
        """Run the code that `yes()` emits if `condition` holds, else that of `no()`."""
        then, otherwise, done = self._labels("then", "else", "done")
        self.statement(f"br {condition}, label %{then}, label %{otherwise}")
        for label, body in ((then, yes), (otherwise, no)):
            self._label(label)
            body()
            self._branch(done)
        self._label(done)

    def switch(self, selector: Value, cases: Mapping[int, Callable[[], None]]) -> None:
        """Run the code of the case that `selector` equals, if any."""
        prefix, done = self._labels("case", "done")
        table = " ".join(f"{selector.type} {key}, label %{prefix}.{key}" for key in cases)
        self.statement(f"switch {selector}, label %{done} [ {table} ]")
        for key, body in cases.items():
            self._label(f"{prefix}.{key}")
            body()
            self._branch(done)
        self._label(done)

    def _labels(self, *roles: str) -> list[str]:
        self._count += 1
        return [f"{role}{self._count}" for role in roles]

    def _label(self, name: str) -> None:
        self._lines.append(f"{name}:")

    def _branch(self, target: str) -> None:
        self.statement(f"br label %{target}")
