"""Running models in LiteRT, with and without a delegate, and small models to run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from npu_hal.api import (
    Activation,
    Add,
    Array,
    Conv2D,
    DType,
    GraphBuilder,
    Logistic,
    Padding,
    Quantization,
    Relu,
    Softmax,
)

from ..tflite_models import write_model

Model = bytes | Path


def open_model(model: Model, *delegates: Any, **options: Any) -> Any:
    """An interpreter with these delegates, and nothing else that might compute differently."""
    source = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
    options.setdefault("experimental_op_resolver_type", OpResolverType.BUILTIN_REF)
    return Interpreter(**source, experimental_delegates=list(delegates) or None, **options)


def random_inputs(interpreter: Any, seed: int) -> dict[int, Array]:
    """Values over the whole range of integer inputs, and in -1 to 1 for others, by tensor index."""
    generator = np.random.default_rng(seed)
    inputs = {}
    for details in interpreter.get_input_details():
        dtype, shape = np.dtype(details["dtype"]), details["shape"]
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            inputs[details["index"]] = generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        else:
            inputs[details["index"]] = generator.uniform(-1, 1, shape).astype(dtype)
    return inputs


def run(interpreter: Any, inputs: Mapping[int, Array]) -> list[Array]:
    """The outputs for `inputs`."""
    for index, values in inputs.items():
        interpreter.set_tensor(index, values)
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]


def expected(
    model: Model, inputs: Mapping[int, Array], shapes: Mapping[int, Sequence[int]] | None = None
) -> list[Array]:
    """What LiteRT's reference kernels compute."""
    interpreter = open_model(model)
    for index, shape in (shapes or {}).items():
        interpreter.resize_tensor_input(index, shape)
    interpreter.allocate_tensors()
    return run(interpreter, inputs)


def assert_same_as_reference(model: Model, *delegates: Any, seed: int = 0) -> Any:
    """Run `model` with `delegates` and compare with the reference kernels, bit for bit; returns the interpreter."""
    interpreter = open_model(model, *delegates)
    interpreter.allocate_tensors()
    inputs = random_inputs(interpreter, seed)
    for ours, theirs in zip(run(interpreter, inputs), expected(model, inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    return interpreter


def chain_model() -> bytes:
    """CONV_2D, RELU, ADD of the two, LOGISTIC: uint8, 1x6x6x3 in, 1x6x6x4 out.

    The first tensor after the input is read twice, so taking any one operator away leaves partitions with tensors
    that are read inside and outside.
    """
    generator = np.random.default_rng(1)
    builder = GraphBuilder("chain")
    x = builder.input("x", (1, 6, 6, 3), DType.UINT8, Quantization.per_tensor(0.05, 128))
    weights = builder.constant(
        "weights", generator.integers(0, 256, (4, 3, 3, 3), np.uint8), Quantization.per_tensor(0.02, 120)
    )
    bias = builder.constant("bias", generator.integers(-500, 500, 4, np.int32), Quantization.per_tensor(0.001, 0))
    convolved, rectified, added, squashed = (
        builder.tensor(name, DType.UINT8, quantization)
        for name, quantization in {
            "convolved": Quantization.per_tensor(0.1, 100),
            "rectified": Quantization.per_tensor(0.06, 0),
            "added": Quantization.per_tensor(0.12, 90),
            "squashed": Quantization.per_tensor(1 / 256, 0),
        }.items()
    )
    builder.append(Conv2D(input=x, filter=weights, bias=bias, output=convolved, padding=Padding.SAME))
    builder.append(Relu(input=convolved, output=rectified))
    builder.append(Add(lhs=convolved, rhs=rectified, output=added, activation=Activation.NONE))
    builder.append(Logistic(input=added, output=squashed))
    return write_model(builder.build(outputs=[squashed]))


def two_output_model() -> bytes:
    """RELU and then SOFTMAX of it, int8 1x10; both results are outputs of the model."""
    builder = GraphBuilder("two outputs")
    x = builder.input("x", (1, 10), DType.INT8, Quantization.per_tensor(0.1, 3))
    rectified = builder.tensor("rectified", DType.INT8, Quantization.per_tensor(0.1, -128))
    probabilities = builder.tensor("probabilities", DType.INT8, Quantization.per_tensor(1 / 256, -128))
    builder.append(Relu(input=x, output=rectified))
    builder.append(Softmax(input=rectified, output=probabilities))
    return write_model(builder.build(outputs=[probabilities, rectified]))
