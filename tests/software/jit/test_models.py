"""Whole models: every output identical to TensorFlow Lite's kernels."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from npu_hal.api import Array, Graph, NpuHalError
from npu_hal.tflite import read_model
from tests.litert import run_file
from tests.software.jit.running import USABLE_TIERS, run_jit

MODELS = (
    "classification/mobilenet_v1_0.25_128_quant",
    "classification/mobilenet_v1_1.0_224_quant",
    "classification/mobilenet_v2_1.0_224_quant",
    "classification/tf2_mobilenet_v2_1.0_224_ptq",
    "classification/mcunet_vww",
    "detection/ssdlite_mobiledet_coco_qat_no_postprocess",
    "detection/blazeface_128x128_quant",
    "pose/posenet_mobilenet_v1_075_353_481_quant",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/ad01_int8",
)
# Quick enough for the slower tiers.
SMALL_MODELS = (
    "classification/mobilenet_v1_0.25_128_quant",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/ad01_int8",
)
# Models whose other operations, such as SOFTMAX, have the same results in LiteRT's optimised kernels and its reference.
XNNPACK_MODELS = (
    "classification/mobilenet_v1_1.0_224_quant",
    "classification/tf2_mobilenet_v2_1.0_224_ptq",
    "pose/posenet_mobilenet_v1_075_353_481_quant",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "depth/fastdepth_quant",
    "pose/movenet_single_pose_lightning_ptq",
    "segmentation/deeplabv3_mnv2_dm05_pascal_quant",
)


def random_inputs(graph: Graph, seed: int) -> list[Array]:
    generator = np.random.default_rng(seed)
    inputs: list[Array] = []
    for tensor in graph.input_tensors:
        if tensor.dtype.is_integer:
            low, high = tensor.dtype.integer_range
            inputs.append(generator.integers(low, high + 1, tensor.shape).astype(tensor.dtype.numpy))
        else:
            inputs.append(generator.standard_normal(tensor.shape).astype(np.float32))
    return inputs


def assert_same(results: list[Array], expected: list[Array]) -> None:
    for result, other in zip(results, expected, strict=True):
        if result.dtype == np.float32:
            np.testing.assert_allclose(result, other, rtol=1e-5, atol=1e-5 * float(np.abs(other).max(initial=1)))
        else:
            np.testing.assert_array_equal(result, other)


@pytest.mark.parametrize("name", MODELS)
def test_identical_to_the_reference_kernels(shared: Path, name: str) -> None:
    content = (shared / "models" / f"{name}.tflite").read_bytes()
    graph = read_model(content).graph
    inputs = random_inputs(graph, seed=1)
    assert_same(run_jit(graph, inputs, threads="2"), run_file(content, inputs))


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("name", SMALL_MODELS)
def test_every_tier(shared: Path, name: str, tier: str) -> None:
    content = (shared / "models" / f"{name}.tflite").read_bytes()
    graph = read_model(content).graph
    inputs = random_inputs(graph, seed=2)
    assert_same(run_jit(graph, inputs, tier=tier), run_file(content, inputs))


@pytest.mark.parametrize("folder", ["layers", "generated"])
def test_models_of_few_layers(shared: Path, folder: str) -> None:
    """Each model that both TensorFlow Lite and npu-hal can read."""
    checked = 0
    for path in sorted((shared / "models" / folder).glob("*.tflite")):
        try:
            graph = read_model(path.read_bytes()).graph
            inputs = random_inputs(graph, seed=3)
            expected = run_file(path.read_bytes(), inputs)
        except (NpuHalError, RuntimeError, ValueError):
            continue
        assert_same(run_jit(graph, inputs), expected)
        checked += 1
    assert checked > 90


@pytest.mark.parametrize("name", XNNPACK_MODELS)
def test_xnnpack_rounding_equals_the_default_kernels(shared: Path, name: str) -> None:
    """LiteRT's default interpreter hands nearly all of these models to XNNPACK."""
    path = shared / "models" / f"{name}.tflite"
    graph = read_model(path.read_bytes()).graph
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    for seed in range(3):
        inputs = random_inputs(graph, seed)
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        expected = [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
        for result, other in zip(run_jit(graph, inputs, rounding="xnnpack"), expected, strict=True):
            np.testing.assert_array_equal(result, other)
