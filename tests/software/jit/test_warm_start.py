"""A process that finds its kernels in the cache imports what its model needs, and little else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    DType,
    GraphBuilder,
    Padding,
    Quantization,
    Reshape,
    Softmax,
    operations,
)
from npu_hal_software.jit.compiler import load_kernels
from npu_hal_software.jit.lowering.select import OF_ANY_TYPE, OF_BYTES, OF_NUMBERS, find_lowering
from npu_hal_software.jit.tiers import choose_tier, machine_name
from npu_hal_software.reference.definitions import DEFINITIONS, find_definition
from tests.tflite_models import write_model

TIER = "generic"
ACTIVATIONS = Quantization.per_tensor(0.1, 128)
WITHOUT_REGISTRY = f"""
from npu_hal_software.jit import create_subgraph
subgraph = create_subgraph(graph, {{"tier": {TIER!r}, "threads": "1"}})
"""
THROUGH_REGISTRY = f"""
from npu_hal.partitioner import partition
from npu_hal.registry import default_registry
device = default_registry().get("software").open(options={{"tier": {TIER!r}, "threads": "1"}})
assert partition(graph, device).is_whole
subgraph = device.create_subgraph(graph)
"""
# The families of the model's operations, and the modules of the driver that handle them.
FAMILIES = {"convolution", "pooling", "reshape", "softmax"}
LOWERINGS = {"convolution", "depthwise_convolution", "pooling", "reshape", "softmax"}
# Only who compiles, tells something, profiles, or validates plain data has use for these.
UNNEEDED = {
    "logging",
    "npu_hal.api.report",
    "npu_hal.layers.trace",
    "npu_hal.layers.validate",
    "npu_hal_etnaviv.device",
    "npu_hal_etnaviv.emulator",
    "npu_hal_software.diagnosis",
    "npu_hal_software.jit.dispatcher",
    "npu_hal_software.jit.generator",
    "npu_hal_software.jit.gemm",
    "npu_hal_software.jit.kernel",
    "npu_hal_software.reference.definitions",
    "pluggy",
    "pydantic.plugin._loader",
    "tempfile",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model of the kinds of operations that MobileNet v1 has."""
    builder = GraphBuilder()
    x = builder.input("x", (1, 8, 8, 4), DType.UINT8, ACTIVATIONS)
    y = [builder.tensor(name, DType.UINT8, ACTIVATIONS) for name in ("conv", "depthwise", "mean", "flat")]
    y.append(builder.tensor("softmax", DType.UINT8, Quantization.per_tensor(1 / 256)))
    weights = Quantization.per_tensor(0.05, 120)
    random = np.random.default_rng(0)
    dense = builder.constant("dense", random.integers(0, 256, (8, 1, 1, 4), np.uint8), weights)
    deep = builder.constant("deep", random.integers(0, 256, (1, 3, 3, 8), np.uint8), weights)
    bias = builder.constant("bias", np.arange(8, dtype=np.int32), Quantization.per_tensor(0.005))
    builder.append(Conv2D(input=x, filter=dense, bias=bias, output=y[0], padding=Padding.SAME))
    builder.append(DepthwiseConv2D(input=y[0], filter=deep, bias=bias, output=y[1], padding=Padding.SAME))
    builder.append(AveragePool2D(input=y[1], output=y[2], filter_height=8, filter_width=8, padding=Padding.VALID))
    builder.append(Reshape(input=y[2], output=y[3], shape=(1, 8)))
    builder.append(Softmax(input=y[3], output=y[4]))
    path = tmp_path / "model.tflite"
    path.write_bytes(write_model(builder.build([y[4]])))
    return path


def imported(model: Path, create: str) -> set[str]:
    """The modules in a process that has run the model, and had its kernels from the cache."""
    load_kernels(choose_tier(TIER), "exact")
    program = (
        "import sys\n"
        "import numpy\n"
        "from npu_hal.tflite import read_model\n"
        f"graph = read_model({str(model)!r}).graph\n"
        f"{create}"
        "tensor = graph.input_tensors[0]\n"
        "subgraph.invoke([numpy.zeros(tensor.shape, tensor.dtype.numpy)])\n"
        "subgraph.read_outputs([numpy.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors])\n"
        "print(*sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not result.stderr
    return set(result.stdout.split())


def of_package(modules: set[str], package: str) -> set[str]:
    return {name.removeprefix(f"{package}.") for name in modules if name.startswith(f"{package}.")}


@pytest.mark.parametrize("create", [WITHOUT_REGISTRY, THROUGH_REGISTRY], ids=["without registry", "through registry"])
def test_families_that_a_model_has_not_are_not_imported(model: Path, create: str) -> None:
    modules = imported(model, create)
    assert of_package(modules, operations.__name__) == FAMILIES
    assert of_package(modules, "npu_hal.tflite.converters") == FAMILIES | {"operands"}
    lowerings = {module for module, _ in [*OF_ANY_TYPE.values(), *OF_BYTES.values(), *OF_NUMBERS.values()]}
    assert of_package(modules, "npu_hal_software.jit.lowering") & lowerings == LOWERINGS


def test_what_a_warm_start_has_no_use_for_is_not_imported(model: Path) -> None:
    unneeded = set(UNNEEDED)
    # Elsewhere, LLVM's own loader is used.
    if machine_name() == "x86_64":
        unneeded.add("llvmlite.binding")
    assert not unneeded & imported(model, WITHOUT_REGISTRY)


def test_looking_for_drivers_imports_little_of_them(model: Path) -> None:
    modules = imported(model, THROUGH_REGISTRY)
    assert not modules & {"npu_hal_etnaviv.device", "npu_hal_etnaviv.emulator", "npu_hal_etnaviv.kernel"}
    assert not modules & {"npu_hal.layers.trace", "npu_hal.layers.validate", "npu_hal_software.diagnosis", "PIL"}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_definition_is_where_the_table_says(kind: str) -> None:
    definition = find_definition(kind)
    assert definition is not None
    assert callable(definition.compile)
    assert callable(definition.refusal)


def test_kinds_without_a_definition_have_none() -> None:
    assert find_definition("CONV_3D") is None


@pytest.mark.parametrize(
    "place", sorted({*OF_ANY_TYPE.values(), *OF_BYTES.values(), *OF_NUMBERS.values()}), ids=".".join
)
def test_every_lowering_is_where_the_table_says(place: tuple[str, str]) -> None:
    assert callable(find_lowering(*place))


def test_every_kind_with_a_lowering_has_a_definition() -> None:
    assert DEFINITIONS.keys() >= OF_ANY_TYPE.keys() | OF_BYTES.keys() | OF_NUMBERS.keys()
