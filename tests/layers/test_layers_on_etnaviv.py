"""Layers in front of the etnaviv driver on an emulated NPU: a planted fault is found, a trace runs elsewhere."""

from pathlib import Path

import numpy as np
import pytest

import npu_hal_etnaviv.subgraph
from npu_hal.api import Array, Conv2D, DType, Graph, GraphBuilder, Padding, Quantization, Tolerance
from npu_hal.executor import GraphExecutor
from npu_hal.layers.replay import replay
from npu_hal.layers.validate import ValidationFailed
from npu_hal_etnaviv.compiler import CompiledGraph, CompiledNNJob
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.kernel.interface import KernelInterface
from npu_hal_etnaviv.loading import LoadedGraph, load

CHANNELS = 16
LAYERS = 4


def pointwise_chain() -> Graph:
    """Pointwise convolutions in a row; on V7 their weights are stored as they are, a byte each."""
    generator = np.random.default_rng(3)
    builder = GraphBuilder("chain")
    index = builder.input("x", (1, 6, 6, CHANNELS), DType.UINT8, Quantization.per_tensor(0.05, 128))
    for layer in range(LAYERS):
        weights = generator.integers(1, 255, (CHANNELS, 1, 1, CHANNELS), np.uint8)
        filters = builder.constant(f"weights {layer}", weights, Quantization.per_tensor(0.004, 128))
        bias = builder.constant(f"bias {layer}", generator.integers(-500, 500, CHANNELS, np.int32))
        output = builder.tensor(f"layer {layer}", DType.UINT8, Quantization.per_tensor(0.05, 128))
        builder.append(Conv2D(input=index, filter=filters, bias=bias, output=output, padding=Padding.SAME))
        index = output
    return builder.build([index])


def picture() -> list[Array]:
    return [np.random.default_rng(4).integers(0, 256, (1, 6, 6, CHANNELS), np.uint8)]


def plant_fault(monkeypatch: pytest.MonkeyPatch, layer: int) -> None:
    """Let one bit of one weight flip when a graph's coefficients are loaded."""

    def load_with_fault(compiled: CompiledGraph, core: NpuCore, kernel: KernelInterface) -> LoadedGraph:
        loaded = load(compiled, core, kernel)
        jobs = [job for job in compiled.jobs if isinstance(job, CompiledNNJob)]
        coefficients = jobs[layer].coefficients.data
        memory = loaded.buffers[0][0].data
        windows = np.lib.stride_tricks.sliding_window_view(memory, coefficients.size)
        (start,) = np.flatnonzero((windows == coefficients).all(axis=1))
        # Behind header (64), zero-run bits (1) and kernels per core (2), the first core's first weight begins.
        memory[start + 67] ^= 0x40
        return loaded

    monkeypatch.setattr(npu_hal_etnaviv.subgraph, "load", load_with_fault)


def test_a_flipped_bit_of_a_weight_is_found_and_its_layer_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = {"validate.folder": str(tmp_path / "report")}
    with GraphExecutor.open(pointwise_chain(), "validate+etnaviv", "emulator:a311d", options) as executor:
        executor.run(picture())
    assert not (tmp_path / "report").exists()
    plant_fault(monkeypatch, layer=2)
    with (
        GraphExecutor.open(pointwise_chain(), "validate+etnaviv", "emulator:a311d", options) as executor,
        pytest.raises(ValidationFailed) as failure,
    ):
        executor.run(picture())
    assert "operation 2 (CONV_2D), which computes 'layer 2', differs from the reference" in str(failure.value)
    assert "later operations differ" not in str(failure.value)
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"operations.png", "operation-002.png"}


@pytest.mark.parametrize("device", ["emulator:a311d", "emulator:imx8mp"])
def test_a_trace_replays_on_another_driver(device: str, tmp_path: Path) -> None:
    options = {"trace.folder": str(tmp_path / "trace")}
    with GraphExecutor.open(pointwise_chain(), "trace+etnaviv", device, options) as executor:
        executor.run(picture())
    results = list(replay(tmp_path / "trace", "software", tolerance=Tolerance(steps=LAYERS)))
    assert len(results) == 1
    assert all(found.is_tolerable for found in results[0].differences)
