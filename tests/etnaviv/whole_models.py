"""Whole models through the delegate, on an emulated NPU and under TensorFlow Lite's reference kernels."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from PIL import Image

import teflon
from npu_hal.tflite.reader import read_operators


@dataclass(frozen=True)
class WholeModel:
    """A model of the shared material and a picture for it."""

    name: str
    path: str
    picture: str


MOBILENET_V1 = WholeModel(
    "mobilenet_v1_1.0_224_quant", "classification/mobilenet_v1_1.0_224_quant.tflite", "grace_hopper.bmp"
)
MOBILENET_V2 = WholeModel("mobilenet_v2_1.0_224_quant", "classification/mobilenet_v2_1.0_224_quant.tflite", "cat.bmp")
MOBILENET_V2_BIRD = WholeModel(
    "mobilenet_v2_1.0_224_quant", "classification/mobilenet_v2_1.0_224_quant.tflite", "bird.bmp"
)
MOBILEDET = WholeModel(
    "ssdlite_mobiledet_coco_qat_no_postprocess",
    "detection/ssdlite_mobiledet_coco_qat_no_postprocess.tflite",
    "kite_and_cold.jpg",
)
SSD = WholeModel(
    "coco_ssd_mobilenet_v1", "detection/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", "kite_and_cold.jpg"
)
POSENET = WholeModel(
    "posenet_mobilenet_v1_075_353_481_quant",
    "pose/posenet_mobilenet_v1_075_353_481_quant.tflite",
    "posenet_test_image.bmp",
)
DEEPLAB = WholeModel(
    "deeplabv3_mnv2_dm05_pascal_quant",
    "segmentation/deeplabv3_mnv2_dm05_pascal_quant.tflite",
    "bird_segmentation.bmp",
)
MODELS = (MOBILENET_V1, MOBILENET_V2, MOBILENET_V2_BIRD, MOBILEDET, SSD, POSENET, DEEPLAB)


@dataclass(frozen=True)
class Output:
    """An output on the NPU and under the reference kernels."""

    name: str
    values: NDArray[Any]
    expected: NDArray[Any]

    @property
    def correlation(self) -> float:
        """Pearson's; 1 for equal constants."""
        first, second = (array.astype(np.float64).reshape(-1) for array in (self.values, self.expected))
        if first.size < 2 or not (np.ptp(first) and np.ptp(second)):
            return float(np.array_equal(first, second))
        return float(np.corrcoef(first, second)[0, 1])

    @property
    def largest_difference(self) -> float:
        """In the output's own units."""
        return float(np.abs(self.values.astype(np.float64) - self.expected.astype(np.float64)).max(initial=0))


@dataclass(frozen=True)
class Measurement:
    """What became of a model; operations by the model's numbers."""

    operations: int
    delegated: int
    macs_share: float
    partitions: int
    refusals: Mapping[int, str]
    outputs: tuple[Output, ...]


def measure(shared: Path, model: WholeModel, chip: str) -> Measurement:
    """Run a model through the delegate on an emulated chip, and compare."""
    path = shared / "models" / model.path
    delegate = teflon.Delegate(driver="etnaviv", device=f"emulator:{chip}")
    outputs = run(path, picture(shared, model), delegate)
    report = delegate.report
    assert report is not None
    macs = multiply_accumulates(path)
    delegated = {index for partition in report.partitions for index in partition}
    return Measurement(
        operations=len(read_operators(path)),
        delegated=len(delegated),
        macs_share=sum(macs[index] for index in delegated if index in macs) / sum(macs.values()),
        partitions=len(report.partitions),
        refusals=report.refusals,
        outputs=tuple(
            Output(name, values, expected)
            for (name, values), (_, expected) in zip(outputs, reference(shared, model), strict=True)
        ),
    )


def run(
    path: Path,
    image: Image.Image,
    delegate: teflon.Delegate | None,
    resolver: OpResolverType = OpResolverType.BUILTIN_REF,
) -> list[tuple[str, NDArray[Any]]]:
    """The outputs by name for a picture, scaled to the input's size."""
    interpreter = Interpreter(
        str(path),
        num_threads=1,
        experimental_delegates=[delegate] if delegate else None,
        experimental_op_resolver_type=resolver,
    )
    interpreter.allocate_tensors()
    (detail,) = interpreter.get_input_details()
    _, height, width, _ = detail["shape"]
    pixels = np.asarray(image.resize((int(width), int(height))))[None]
    if detail["dtype"] == np.int8:
        pixels = (pixels ^ np.uint8(128)).view(np.int8)
    interpreter.set_tensor(detail["index"], pixels)
    interpreter.invoke()
    return [(detail["name"], interpreter.get_tensor(detail["index"])) for detail in interpreter.get_output_details()]


def picture(shared: Path, model: WholeModel) -> Image.Image:
    return Image.open(shared / "inputs" / model.picture).convert("RGB")


@cache
def reference(shared: Path, model: WholeModel) -> list[tuple[str, NDArray[Any]]]:
    """The outputs under the reference kernels."""
    return run(shared / "models" / model.path, picture(shared, model), None)


@cache
def optimised(shared: Path, model: WholeModel) -> tuple[Output, ...]:
    """The outputs under the optimised kernels that TensorFlow Lite runs by default, XNNPACK's."""
    outputs = run(shared / "models" / model.path, picture(shared, model), None, OpResolverType.BUILTIN)
    return tuple(
        Output(name, values, expected)
        for (name, values), (_, expected) in zip(outputs, reference(shared, model), strict=True)
    )


def multiply_accumulates(path: Path) -> dict[int, int]:
    """Of each convolution and fully connected layer, by the operation's number."""
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    shapes = {detail["index"]: [int(size) for size in detail["shape"]] for detail in interpreter.get_tensor_details()}
    return dict(_multiply_accumulates(path, shapes))


def _multiply_accumulates(path: Path, shapes: Mapping[int, list[int]]) -> Iterator[tuple[int, int]]:
    for operator in read_operators(path):
        if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights, outputs = shapes[operator.view.inputs[1]], shapes[operator.view.outputs[0]]
            taps = weights[1:3] if operator.name == "DEPTHWISE_CONV_2D" else weights[1:]
            yield operator.index, math.prod(outputs) * math.prod(taps)
