"""Operations without a kernel: the records call back into Python, which runs the reference level's definition.

The program stays one native call; a callback takes the interpreter's lock for as long as it runs.
"""

import ctypes
from collections.abc import Callable, Sequence

import numpy as np

from npu_hal.api import Array, DType, Operation, Tensor
from npu_hal_software.jit import messages
from npu_hal_software.jit.lowering.definition import compile_definition
from npu_hal_software.jit.program import SIGN_BIT, Address, Program

_Callback = ctypes.CFUNCTYPE(None, ctypes.c_int64)


def lower_by_reference(program: Program, operation: Operation) -> None:
    """Call the definition in numpy on the stored bytes."""
    messages.info("%s runs in numpy: there is no native kernel for its form", program.label)
    kernel = compile_definition(operation, program.graph.tensors)
    function, operands = _callback(program, operation, kernel)
    uses = [operand.address for operand in operands if isinstance(operand.address, Address)]
    program.emit_call(function, uses)


def refusal_by_reference(program: Program, operation: Operation) -> int:
    """The address of a function that has the definition refuse an operation's inputs.

    It is for kernels that find an input that they must not compute; the operation's record uses all of its operands.
    """

    def refuse(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        compile_definition(operation, program.graph.tensors)(inputs, outputs)

    function, _ = _callback(program, operation, refuse)
    return function


def _callback(
    program: Program, operation: Operation, kernel: Callable[[Sequence[Array], Sequence[Array]], None]
) -> tuple[int, list["_Operand"]]:
    """The address of a function that runs `kernel` on the operation's stored bytes, and its operands."""
    sources = [_Operand(program, index, program.stored(index)) for index in operation.inputs]
    targets = [_Operand(program, index, program.output(index)) for index in operation.outputs]
    callbacks = program.callbacks

    def run(_: int) -> None:
        try:
            outputs = [np.empty(target.tensor.shape, target.tensor.dtype.numpy) for target in targets]
            # Overflow to infinity and NaN are results of float arithmetic like others, not worth a warning.
            with np.errstate(all="ignore"):
                kernel([source.read() for source in sources], outputs)
            for target, array in zip(targets, outputs, strict=True):
                target.write(array)
        # Nothing may unwind into native code.
        except BaseException as error:
            callbacks.add(error)
        callbacks.finished += 1

    callback = _Callback(run)
    program.keep_object(callback)
    operands = [*sources, *targets]
    for operand in operands:
        program.on_link(operand.resolve)
    return ctypes.cast(callback, ctypes.c_void_p).value or 0, operands


class _Operand:
    """A tensor's place in the arena, or its constant."""

    def __init__(self, program: Program, index: int, address: Address | int) -> None:
        self.tensor: Tensor = program.tensor(index)
        self.address = address
        self._bytes: Array | None = None

    def resolve(self, bytes_at: Callable[[Address, int], Array]) -> None:
        """Remember the memory once it is planned."""
        if isinstance(self.address, Address):
            self._bytes = bytes_at(self.address, self.tensor.nbytes)

    def read(self) -> Array:
        """The tensor's values."""
        if self._bytes is None:
            return self.tensor.constant()
        if self.tensor.dtype is DType.INT8:
            return (self._bytes ^ np.uint8(SIGN_BIT)).view(np.int8).reshape(self.tensor.shape)
        return self._bytes.view(self.tensor.dtype.numpy).reshape(self.tensor.shape)

    def write(self, values: Array) -> None:
        """Store values."""
        if self._bytes is None:
            return
        flat = values.reshape(-1).view(np.uint8)
        self._bytes[:] = flat ^ np.uint8(SIGN_BIT) if self.tensor.dtype is DType.INT8 else flat
