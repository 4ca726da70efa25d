"""Whole models at the reference level against TensorFlow Lite's reference kernels."""

import json
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import Array, Graph
from npu_hal.tflite.reader import read_model
from tests.litert import run_file
from tests.software.checks import assert_same, run_reference
from tests.software.strategies import random_array

MODELS = (
    "audio/micro_speech_quantized.tflite",
    "audio/yamnet_spectra_in.tflite",
    "classification/mcunet_vww.tflite",
    "classification/mobilenet_v1_0.25_128_quant.tflite",
    "classification/mobilenet_v1_1.0_224_quant.tflite",
    "classification/mobilenet_v2_1.0_224_quant.tflite",
    "classification/tf2_mobilenet_v2_1.0_224_ptq.tflite",
    "depth/fastdepth_quant.tflite",
    "detection/blazeface_128x128_quant.tflite",
    "detection/nxp_yolo_face_detect.tflite",
    "detection/ssdlite_mobiledet_coco_qat_no_postprocess.tflite",
    "mlperf_tiny/ad01_int8.tflite",
    "mlperf_tiny/kws_ref_model.tflite",
    "mlperf_tiny/pretrainedResnet_quant.tflite",
    "mlperf_tiny/tflm_hello_world_int8.tflite",
    "mlperf_tiny/vww_96_int8.tflite",
    "pose/posenet_mobilenet_v1_075_353_481_quant.tflite",
    "superres/espcn_x3_quant.tflite",
)
MOBILENET = "classification/mobilenet_v1_1.0_224_quant.tflite"


def random_inputs(graph: Graph, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    return [random_array(random, tensor.shape, tensor.dtype) for tensor in graph.input_tensors]


def check(path: Path, seed: int) -> None:
    graph = read_model(path).graph
    inputs = random_inputs(graph, seed)
    assert_same(run_reference(graph, inputs), run_file(path.read_bytes(), inputs))


@pytest.mark.parametrize("name", MODELS)
def test_networks(shared: Path, name: str) -> None:
    for seed in range(2):
        check(shared / "models" / name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["layers", "generated"])
def test_every_model_of_a_few_layers(shared: Path, folder: str) -> None:
    cannot_run = {entry["path"] for entry in _index(shared, "layers") if entry.get("run_error")}
    paths = sorted((shared / "models" / folder).glob("*.tflite"))
    runnable = [path for path in paths if f"{folder}/{path.name}" not in cannot_run]
    assert len(runnable) >= 90
    for path in runnable:
        check(path, seed=0)


def _index(shared: Path, section: str) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = json.loads((shared / "models" / "INDEX.json").read_text())[section]
    return entries
