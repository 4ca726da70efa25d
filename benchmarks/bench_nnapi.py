"""What an execution costs through the C functions, beyond the driver's own time.

The model is as good as empty: RESHAPE of 4 bytes. A C client's loop is imitated by ctypes, whose own cost per call is
measured with a function that does nothing and taken off.

    python benchmarks/bench_nnapi.py
"""

import ctypes
import sys
from collections.abc import Callable
from time import perf_counter_ns

import numpy as np

import npu_hal_nnapi
from npu_hal.api import DType, GraphBuilder, Quantization, Reshape
from npu_hal.selection import open_device

ROUNDS = 200
CALLS = 200
BOUND = 10.0
UINT8, INT32 = npu_hal_nnapi.OperandCode.TENSOR_QUANT8_ASYMM, npu_hal_nnapi.OperandCode.TENSOR_INT32


class OperandType(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("dimension_count", ctypes.c_uint32),
        ("dimensions", ctypes.POINTER(ctypes.c_uint32)),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
    )


def microseconds(**contenders: Callable[[], object]) -> dict[str, float]:
    """The mean duration of a call in the best round of each; rounds take turns, so that all see the same machine."""
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, work in contenders.items():
            started = perf_counter_ns()
            for _ in range(CALLS):
                work()
            best[name] = min(best[name], (perf_counter_ns() - started) / CALLS / 1e3)
    return best


def driver_alone() -> Callable[[], None]:
    """One inference by the driver alone."""
    builder = GraphBuilder("empty")
    quantization = Quantization.per_tensor(1.0, 0)
    x = builder.input("x", (4,), DType.UINT8, quantization)
    y = builder.tensor("y", DType.UINT8, quantization)
    builder.append(Reshape(input=x, output=y, shape=(2, 2)))
    subgraph = open_device().create_subgraph(builder.build([y]))
    inputs, outputs = [np.zeros(4, np.uint8)], [np.zeros((2, 2), np.uint8)]

    def run() -> None:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)

    return run


class Client:
    """A client of the C functions that has compiled the model."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(str(npu_hal_nnapi.library_folder() / "libneuralnetworks.so"))
        self.inputs = (ctypes.c_uint8 * 4)()
        self.outputs = (ctypes.c_uint8 * 4)()
        self.execution = ctypes.c_void_p()
        model, self.compilation = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("Model_create", ctypes.byref(model))
        for code, dimensions, scale in ((UINT8, (4,), 1.0), (INT32, (2,), 0.0), (UINT8, (2, 2), 1.0)):
            array = (ctypes.c_uint32 * len(dimensions))(*dimensions)
            kind = OperandType(code, len(dimensions), array, scale, 0)
            self.call("Model_addOperand", model, ctypes.byref(kind))
        shape = (ctypes.c_int32 * 2)(2, 2)
        self.call("Model_setOperandValue", model, 1, shape, ctypes.c_size_t(8))
        ends = (ctypes.c_uint32 * 2)(0, 1), (ctypes.c_uint32 * 1)(2)
        self.call("Model_addOperation", model, npu_hal_nnapi.OperationCode.RESHAPE, 2, ends[0], 1, ends[1])
        self.call("Model_identifyInputsAndOutputs", model, 1, ends[0], 1, ends[1])
        self.call("Model_finish", model)
        self.call("Compilation_create", model, ctypes.byref(self.compilation))
        self.call("Compilation_finish", self.compilation)
        size = ctypes.c_size_t(4)
        self.create = self.bound("Execution_create", self.compilation, ctypes.byref(self.execution))
        self.set_input = self.bound("Execution_setInput", self.execution, 0, None, self.inputs, size)
        self.set_output = self.bound("Execution_setOutput", self.execution, 0, None, self.outputs, size)
        self.compute = self.bound("Execution_compute", self.execution)
        self.free = self.bound("Execution_free", self.execution)

    def call(self, name: str, *arguments: object) -> None:
        code = getattr(self.library, f"ANeuralNetworks{name}")(*arguments)
        if code:
            raise RuntimeError(f"ANeuralNetworks{name} returned {code}")

    def bound(self, name: str, *arguments: object) -> Callable[[], int]:
        function = getattr(self.library, f"ANeuralNetworks{name}")
        if name.endswith("_free"):
            function.restype = None
        return lambda: function(*arguments)

    def execute(self) -> None:
        """Everything that an inference takes."""
        self.create()
        self.set_input()
        self.set_output()
        if self.compute():
            raise RuntimeError("the execution failed")
        self.free()

    def prepare(self) -> None:
        """All of that but the computation."""
        self.create()
        self.set_input()
        self.set_output()
        self.free()


def main() -> int:
    client = Client()
    # What ctypes itself costs, which no C client pays.
    nothing = ctypes.CDLL(None).getpid
    took = microseconds(driver=driver_alone(), whole=client.execute, prepared=client.prepare, call=lambda: nothing())
    compute = took["whole"] - took["prepared"] - took["call"]
    print(f"driver alone                               {took['driver']:6.2f} us")
    print(f"compute, through the C function            {compute:6.2f} us")
    print(f"  beyond the driver's time                 {compute - took['driver']:6.2f} us")
    print(f"create, set, compute, free: beyond it      {took['whole'] - 5 * took['call'] - took['driver']:6.2f} us")
    return 0 if compute - took["driver"] <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
