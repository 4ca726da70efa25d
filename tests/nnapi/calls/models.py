"""Rules that make models: call by call, and whole ones that later calls get further with."""

import ctypes

from hypothesis import strategies as st
from hypothesis.stateful import rule

from npu_hal_nnapi import OperandCode, OperationCode

from ..c_library import SymmPerChannelQuantParams, indices, operand_type
from .caller import Caller
from .strategies import dimensions, kinds, lengths, operands, operations, picks, scales, small


class ModelCalls(Caller):
    """Rules of models."""

    @rule()
    def create_model(self) -> None:
        self.make("Model", "Model_create")

    @rule(model=picks, kind=kinds, sizes=dimensions, scale=scales, zero_point=st.sampled_from([0, 0, 0, 3, -200, 300]))
    def add_operand(self, model: int, kind: int, sizes: list[int], scale: float, zero_point: int) -> None:
        self.call("Model_addOperand", self.handle("Model", model), operand_type(kind, tuple(sizes), scale, zero_point))

    @rule(model=picks)
    def add_no_operand(self, model: int) -> None:
        self.call("Model_addOperand", self.handle("Model", model), None)

    @rule(model=picks, index=small, pick=picks, length=lengths)
    def set_operand_value(self, model: int, index: int, pick: int, length: int) -> None:
        self.call("Model_setOperandValue", self.handle("Model", model), index, self.buffer(pick), length)

    @rule(model=picks, index=small, memory=picks, offset=lengths, length=lengths)
    def set_value_from_memory(self, model: int, index: int, memory: int, offset: int, length: int) -> None:
        handles = self.handle("Model", model), self.handle("Memory", memory)
        self.call("Model_setOperandValueFromMemory", handles[0], index, handles[1], offset, length)

    @rule(model=picks, index=small, value=picks)
    def set_value_from_model(self, model: int, index: int, value: int) -> None:
        self.call("Model_setOperandValueFromModel", self.handle("Model", model), index, self.handle("Model", value))

    @rule(model=picks, index=small, dimension=st.integers(0, 4), count=st.integers(0, 4), scale=scales)
    def set_scales(self, model: int, index: int, dimension: int, count: int, scale: float) -> None:
        parameters = SymmPerChannelQuantParams(dimension, count, (ctypes.c_float * 4)(scale, scale, scale, scale))
        self.call("Model_setOperandSymmPerChannelQuantParams", self.handle("Model", model), index, parameters)

    @rule(model=picks, kind=operations, inputs=operands, outputs=operands)
    def add_operation(self, model: int, kind: int, inputs: list[int], outputs: list[int]) -> None:
        arrays = indices(inputs), indices(outputs)
        handle = self.handle("Model", model)
        self.call("Model_addOperation", handle, kind, len(inputs), arrays[0], len(outputs), arrays[1])

    @rule(model=picks, inputs=operands, outputs=operands, nothing=picks)
    def identify(self, model: int, inputs: list[int], outputs: list[int], nothing: int) -> None:
        arrays = indices(inputs), indices(outputs) if nothing > 5 else None
        handle = self.handle("Model", model)
        self.call("Model_identifyInputsAndOutputs", handle, len(inputs), arrays[0], len(outputs), arrays[1])

    @rule(model=picks, allow=st.booleans())
    def relax(self, model: int, allow: bool) -> None:
        self.call("Model_relaxComputationFloat32toFloat16", self.handle("Model", model), allow)

    @rule(model=picks)
    def finish_model(self, model: int) -> None:
        self.call("Model_finish", self.handle("Model", model))

    @rule(model=picks, data=lengths, name=st.sampled_from([b"com.example", None]))
    def use_extensions(self, model: int, data: int, name: bytes | None) -> None:
        handle, kind = self.handle("Model", model), ctypes.c_int32()
        self.call("Model_setOperandExtensionData", handle, 0, self.address, data)
        self.call("Model_getExtensionOperandType", handle, name, 1, kind)
        self.call("Model_getExtensionOperationType", handle, name, 1, kind)

    @rule(
        kind=st.sampled_from([OperationCode.ADD, OperationCode.MUL, OperationCode.SUB, OperationCode.DIV]),
        sizes=st.sampled_from([(2, 2), (1, 2, 2, 1), (0, 2), ()]),
        is_finished=st.booleans(),
    )
    def add_arithmetic_model(self, kind: int, sizes: tuple[int, ...], is_finished: bool) -> None:
        self.arithmetic_model(kind, sizes, is_finished)

    def arithmetic_model(self, kind: int, sizes: tuple[int, ...], is_finished: bool) -> None:
        self.make("Model", "Model_create")
        model = self.handles["Model"][-1]
        for _ in range(2):
            self.call("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        self.call("Model_addOperand", model, operand_type(OperandCode.INT32))
        self.call("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        self.call("Model_setOperandValue", model, 2, self.address, 4)
        self.call("Model_addOperation", model, kind, 3, indices([0, 1, 2]), 1, indices([3]))
        self.call("Model_identifyInputsAndOutputs", model, 2, indices([0, 1]), 1, indices([3]))
        if is_finished:
            self.call("Model_finish", model)

    @rule(kind=operations, inputs=st.integers(1, 10), outputs=st.integers(1, 2), data=st.data())
    def arbitrary_model(self, kind: int, inputs: int, outputs: int, data: st.DataObject) -> None:
        """One operation over operands of any types, the scalars among them constant: compiling it has to end well."""
        self.make("Model", "Model_create")
        model = self.handles["Model"][-1]
        ends: list[int] = []
        for index in range(inputs + outputs):
            code = data.draw(st.sampled_from([0, 1, 1, 1, 3, 4, 5, 6, 14, 11]))
            is_scalar = code in (0, 1, 6)
            sizes = () if is_scalar else tuple(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
            scale = 0.5 if code in (5, 14) else 0.0
            self.call("Model_addOperand", model, operand_type(code, sizes, scale))
            if index < inputs:
                if is_scalar or data.draw(st.booleans()):
                    nbytes = {6: 1, 5: 1, 14: 1, 11: 1}.get(code, 4)
                    for size in sizes:
                        nbytes *= size
                    start = data.draw(st.integers(0, 6)) * 4
                    self.call("Model_setOperandValue", model, index, self.address + start, nbytes)
                else:
                    ends.append(index)
        results = list(range(inputs, inputs + outputs))
        arrays = indices(list(range(inputs))), indices(results), indices(ends)
        self.call("Model_addOperation", model, kind, inputs, arrays[0], outputs, arrays[1])
        self.call("Model_identifyInputsAndOutputs", model, len(ends), arrays[2], outputs, arrays[1])
        self.call("Model_finish", model)
        self.make("Compilation", "Compilation_create", model)
        self.call("Compilation_finish", self.handles["Compilation"][-1] if self.handles["Compilation"] else None)

    @rule(model=picks, device=picks, count=st.integers(0, 2))
    def supported(self, model: int, device: int, count: int) -> None:
        # Room for the answers of the largest model that these rules make.
        answers = (ctypes.c_bool * 4096)()
        devices = (ctypes.c_void_p * 2)(self.handle("Device", device), self.handle("Device", device + 1))
        handle = self.handle("Model", model)
        self.call("Model_getSupportedOperationsForDevices", handle, devices, count, answers)
