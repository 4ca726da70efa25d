"""The NN jobs of the golden job lists, with the weights of the models they were made from."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tflite

from npu_hal_etnaviv.weights.add_as_convolution import (
    addition_scales,
    v7_addition_weights,
    v7_folded_addition_bias,
    v8_addition_weights,
)
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise
from npu_hal_etnaviv.weights.pointwise_single_channel import widen_pointwise_single_channel
from npu_hal_etnaviv.weights.space_to_depth_weights import space_to_depth_weights
from npu_hal_etnaviv.weights.zero_point_folding import fold_input_zero_point

CHIPS = ("a311d", "imx8mp")


@dataclass(frozen=True)
class ModelOperation:
    """A convolution or addition of a .tflite file; weights in TFLite's order, as bytes."""

    kind: str
    output_shape: tuple[int, ...]
    weights: npt.NDArray[np.uint8] | None
    biases: npt.NDArray[np.int32] | None
    input_scales: tuple[float, ...]
    input_zero_points: tuple[int, ...]
    signed: bool


@dataclass(frozen=True)
class GoldenJob:
    """One NN job: what the driver held, its config, its coefficient bytes, and the model's operation."""

    chip: str
    model: str
    name: str
    facts: dict[str, Any]
    config: dict[str, Any]
    coefficients: npt.NDArray[np.uint8] | None
    operation: ModelOperation

    @property
    def generation(self) -> int:
        return 7 if self.chip == "a311d" else 8

    @property
    def depthwise(self) -> bool:
        return bool(self.facts["depthwise"])


@dataclass(frozen=True)
class JobWeights:
    """Weights of a job as the encoders take them: [OC][IC][KH][KW], or one channel a kernel if depthwise."""

    weights: npt.NDArray[np.uint8]
    biases: npt.NDArray[np.int32]
    depthwise: bool
    shape: tuple[int, int, int, int]


def golden_names(shared: Path, chip: str) -> list[str]:
    return sorted(path.stem for path in (shared / "golden" / chip).glob("*.json"))


def model_path(shared: Path, name: str) -> Path:
    if name.startswith("full."):
        return shared / "models" / "classification" / f"{name.removeprefix('full.')}.tflite"
    folder = "generated" if name.startswith("g_") else "layers"
    return shared / "models" / folder / f"{name}.tflite"


KINDS = {
    tflite.BuiltinOperator.CONV_2D: "conv",
    tflite.BuiltinOperator.DEPTHWISE_CONV_2D: "depthwise",
    tflite.BuiltinOperator.ADD: "add",
    tflite.BuiltinOperator.FULLY_CONNECTED: "fully_connected",
}


def model_operations(path: Path) -> list[ModelOperation]:
    """The operations that become NN jobs, in the model's order."""
    model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    operations = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = KINDS.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        if kind is None:
            continue
        tensors = [graph.Tensors(operator.Inputs(i)) for i in range(operator.InputsLength())]
        constant = kind != "add"
        data = [model.Buffers(tensor.Buffer()).DataAsNumpy() for tensor in tensors]
        operations.append(
            ModelOperation(
                kind=kind,
                output_shape=tuple(graph.Tensors(operator.Outputs(0)).ShapeAsNumpy()),
                weights=data[1].reshape(tensors[1].ShapeAsNumpy()) if constant else None,
                biases=np.frombuffer(data[2].tobytes(), "<i4") if constant else None,
                input_scales=tuple(float(t.Quantization().Scale(0)) for t in tensors[:2]),
                input_zero_points=tuple(int(t.Quantization().ZeroPoint(0)) for t in tensors[:2]),
                signed=tensors[0].Type() == tflite.TensorType.INT8,
            )
        )
    return operations


def golden_jobs(shared: Path, chip: str, model: str) -> Iterator[GoldenJob]:
    """The NN jobs of a model, matched in order with the model's operations by their output shape."""
    folder = shared / "golden" / chip
    job_list = json.loads((folder / f"{model}.json").read_text(encoding="utf-8"))
    archive = folder / f"{model}.coefficients.npz"
    arrays = dict(np.load(archive)) if archive.exists() else {}
    operations = iter(model_operations(model_path(shared, model)))
    for subgraph in job_list["subgraphs"]:
        for facts in subgraph["ops"]:
            if facts["type"] != "NN":
                continue
            name = f"sg{subgraph['subgraph']}.job{facts['job']}"
            operation = next(op for op in operations if _matches(op, facts))
            (config,) = facts["configs"]
            yield GoldenJob(chip, model, name, facts, config, arrays.get(name), operation)


def _matches(operation: ModelOperation, facts: dict[str, Any]) -> bool:
    wanted = {"add": facts["addition"], "depthwise": facts["depthwise"]}.get(operation.kind)
    if operation.kind in ("conv", "fully_connected"):
        wanted = not facts["addition"] and bool(facts["fully_connected"]) == (operation.kind == "fully_connected")
    height_width = tuple(facts["out_whc"])
    return bool(wanted) and (operation.kind == "fully_connected" or operation.output_shape[1:] == height_width)


def job_weights(job: GoldenJob) -> JobWeights:
    """The weights that the job's stream holds, by the rewriting rules of the hardware note, section 3."""
    facts, operation = job.facts, job.operation
    input_zero_point = facts["in_zp"]
    if operation.kind == "add":
        return _addition_weights(job)
    assert operation.weights is not None
    assert operation.biases is not None
    zero_point = job.config["coef_zero_point"]
    raw = operation.weights
    # Mesa codes int8 weights for V7 unchanged, and fills in the model's zero point, not the config's.
    raw_fill = operation.signed and job.generation == 7
    fill = zero_point ^ 0x80 if raw_fill else zero_point
    if operation.signed and job.generation == 8:
        raw = raw ^ np.uint8(0x80)
    depthwise = False
    if operation.kind == "fully_connected":
        weights = raw.reshape(len(raw), 1, 1, -1)
    elif operation.kind == "depthwise":
        own = np.ascontiguousarray(raw[0].transpose(2, 0, 1))
        depthwise = len(own) > 1
        weights = own[:, None]
        rewritten = facts["stride"] == 2 and not facts["pooling_first_pixel"]
        if (rewritten or raw_fill) and job.generation == 7 and depthwise:
            weights, depthwise = dense_depthwise(own, fill), False
    else:
        weights = np.ascontiguousarray(raw.transpose(0, 3, 1, 2))
    if operation.kind == "conv" and weights.shape[1:] == (1, 1, 1):
        weights = widen_pointwise_single_channel(weights, fill)
    if facts["stride"] == 2 and not facts["pooling_first_pixel"]:
        weights = space_to_depth_weights(weights, fill)
    biases = fold_input_zero_point(operation.biases, weights, zero_point, input_zero_point, job.generation)
    outputs, inputs, height, width = weights.shape
    return JobWeights(weights, biases, depthwise, (outputs, outputs if depthwise else inputs, height, width))


def _addition_weights(job: GoldenJob) -> JobWeights:
    operation = job.operation
    scales = addition_scales(
        operation.input_scales[0],
        operation.input_zero_points[0],
        operation.input_scales[1],
        operation.input_zero_points[1],
    )
    if job.generation == 7:
        weights = v7_addition_weights(scales)
        biases = v7_folded_addition_bias(scales, operation.input_zero_points[0] & 0xFF)
    else:
        channels = operation.output_shape[3]
        weights = v8_addition_weights(scales, channels)
        plain = np.full(channels, scales.bias, np.int32)
        biases = fold_input_zero_point(plain, weights, 0, job.facts["in_zp"], 8)
    outputs, inputs, height, width = weights.shape
    return JobWeights(weights, biases, False, (outputs, inputs, height, width))


def same_as_golden(job: GoldenJob, data: npt.NDArray[np.uint8]) -> bool:
    """Whether an encoded buffer, zeros following, is the golden one."""
    facts = job.facts["coefficients"]
    size = facts["size"]
    if data[size:].any():
        return False
    padded = np.zeros(size, np.uint8)
    padded[: min(len(data), size)] = data[:size]
    return bool(hashlib.sha256(padded.tobytes()).hexdigest() == facts["sha256"])
