"""Layers pass on what they do not change, record it, and find what is wrong."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from npu_hal.api import (
    API_VERSION,
    Add,
    Array,
    Conv2D,
    Device,
    DeviceInfo,
    DeviceKind,
    Driver,
    DType,
    Graph,
    GraphBuilder,
    InvalidModel,
    InvalidOption,
    NoSuchDriver,
    Padding,
    Quantization,
    Relu,
    Subgraph,
)
from npu_hal.executor import GraphExecutor
from npu_hal.graph_archive import load_graph, save_graph
from npu_hal.layers.difference import difference
from npu_hal.layers.layer import LayerDevice
from npu_hal.layers.replay import replay
from npu_hal.layers.validate import ValidationFailed
from npu_hal.registry import Registry, default_registry

from ..core.plugins import entry_point, plugin

Q = Quantization.per_tensor(0.5, 128)


def graph() -> Graph:
    builder = GraphBuilder("example")
    rng = np.random.default_rng(1)
    x = builder.input("x", (1, 6, 5, 3), DType.UINT8, Q)
    weights = builder.constant(
        "weights", rng.integers(0, 256, (4, 3, 3, 3), np.uint8), Quantization.per_tensor(0.01, 120)
    )
    a, b = (builder.tensor(name, DType.UINT8, Q) for name in "ab")
    # Wide enough not to clamp what an error in b makes of c.
    c = builder.tensor("c", DType.UINT8, Quantization.per_tensor(1.0, 128))
    builder.append(Conv2D(input=x, filter=weights, output=a, padding=Padding.SAME))
    builder.append(Relu(input=a, output=b))
    builder.append(Add(lhs=a, rhs=b, output=c))
    return builder.build([c])


def inputs() -> list[Array]:
    return [np.random.default_rng(2).integers(0, 256, (1, 6, 5, 3), np.uint8)]


def software() -> Driver:
    return default_registry().get("software")


class _FaultyDriver(Driver):
    """The software driver, with one element of every RELU's result off by 32 steps."""

    name = "faulty"
    api_version = API_VERSION

    def probe(self) -> Sequence[DeviceInfo]:
        return (DeviceInfo("one", DeviceKind.NPU, "a device with a fault"),)

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        return _FaultyDevice(software().open())


class _FaultyDevice(LayerDevice):
    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("one", DeviceKind.NPU, "a device with a fault")

    def create_subgraph(self, graph: Graph) -> Subgraph:
        return _FaultySubgraph(self.behind, graph)


class _FaultySubgraph(Subgraph):
    """Computes operation by operation, so that a fault reaches what follows it."""

    def __init__(self, device: Device, graph: Graph) -> None:
        self._graph = graph
        self._parts = [graph.extract([position]) for position in range(len(graph.operations))]
        self._subgraphs = [device.create_subgraph(part) for part, _ in self._parts]
        self._values: dict[int, Array] = {}

    def invoke(self, inputs: Sequence[Array]) -> None:
        self._values = dict(zip(self._graph.inputs, inputs, strict=True))

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        for (part, origin), subgraph in zip(self._parts, self._subgraphs, strict=True):
            results = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in part.output_tensors]
            subgraph.invoke([self._values[origin[index]] for index in part.inputs])
            subgraph.read_outputs(results)
            if part.operations[0].kind == "RELU":
                results[0][0, 2, 3, 1] ^= 32
            self._values.update(zip((origin[index] for index in part.outputs), results, strict=True))
        for index, output in zip(self._graph.outputs, outputs, strict=True):
            output[...] = self._values[index]

    def close(self) -> None:
        pass


def registry() -> Registry:
    return Registry([entry_point("all", lambda: plugin(software(), _FaultyDriver()))])


def test_layers_are_named_before_the_driver() -> None:
    layered = registry().get("trace+validate+software")
    assert layered.name == "trace+validate+software"
    assert {"trace.folder", "validate.folder", "level"} <= {option.name for option in layered.options}
    assert layered.probe() == software().probe()
    assert registry().owner("trace+software") == "example-npu 3.1"


def test_an_unknown_layer_lists_the_layers() -> None:
    with pytest.raises(NoSuchDriver, match="no layer 'trade' to put in front of a driver; layers are: trace, validate"):
        registry().get("trade+software")
    with pytest.raises(NoSuchDriver, match="no driver 'softwear'"):
        registry().get("trace+softwear")


def run(driver: str, options: Mapping[str, str]) -> Array:
    with GraphExecutor.open(graph(), driver, options=options, registry=registry()) as executor:
        for _ in range(3):
            outputs = executor.run(inputs())
    return outputs[0]


def test_a_trace_holds_what_is_needed_to_run_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "trace"
    plain = run("software", {})
    traced = run("trace+software", {"trace.folder": str(folder), "trace.inferences": "2"})
    np.testing.assert_array_equal(traced, plain)
    assert json.loads((folder / "trace.json").read_text())["driver"] == "software"
    assert load_graph(folder / "subgraph-000") == graph()
    assert sorted(path.name for path in (folder / "subgraph-000").glob("inference-*")) == [
        "inference-000.npz",
        "inference-001.npz",
    ]
    times = json.loads((folder / "subgraph-000" / "subgraph.json").read_text())
    assert len(times["inference_seconds"]) == 3
    same = list(replay(folder, "software", registry=registry()))
    assert [item.inference for item in same] == ["inference-000", "inference-001"]
    assert all(found.is_tolerable for item in same for found in item.differences)
    other = list(replay(folder, "faulty", registry=registry()))
    assert not any(found.is_tolerable for item in other for found in item.differences)
    assert all(found.largest > 0 for item in other for found in item.differences)


def test_a_trace_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "npu-hal-trace").mkdir()
    run("trace+software", {})
    assert (tmp_path / "npu-hal-trace-2" / "trace.json").exists()
    with pytest.raises(InvalidOption, match="is not an empty folder"):
        run("trace+software", {"trace.folder": "npu-hal-trace-2"})


def test_validation_of_a_right_driver_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "validate"
    np.testing.assert_array_equal(run("validate+software", {"validate.folder": str(folder)}), run("software", {}))
    assert not folder.exists()


def test_validation_names_the_operation_that_is_wrong_and_draws_it(tmp_path: Path) -> None:
    folder = tmp_path / "validate"
    with pytest.raises(ValidationFailed) as failure:
        run("validate+faulty", {"validate.folder": str(folder)})
    assert "operation 1 (RELU), which computes 'b', differs from the reference by up to" in str(failure.value)
    with Image.open(folder / "operation-001.png") as picture:
        pixels = np.asarray(picture)
    # One wrong element at row 2, column 3 of 6 by 5.
    zoom = pixels.shape[0] // 6
    bright = np.argwhere(pixels[::zoom, ::zoom])
    assert bright.tolist() == [[2, 3]]
    with Image.open(folder / "operations.png") as chart:
        assert chart.size[1] > 100


def test_validation_may_only_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    options = {"validate.folder": str(tmp_path / "v"), "validate.on_error": "log", "validate.steps": "1"}
    with GraphExecutor.open(graph(), "validate+faulty", options=options, registry=registry()) as executor:
        executor.run(inputs())
    assert "operation 1 (RELU)" in caplog.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trace.inferences": "some"}, "trace.inferences is a number"),
        ({"trace.fodler": "x"}, "no option 'trace.fodler'"),
        ({"level": "warp"}, "level of driver"),
    ],
)
def test_bad_options_are_refused(
    options: dict[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidOption, match=words):
        registry().get("trace+software").open(options=options)


def test_a_damaged_trace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="is no folder of a trace"):
        list(replay(tmp_path, "software", registry=registry()))
    (tmp_path / "trace.json").write_text("{}")
    (tmp_path / "subgraph-000").mkdir()
    with pytest.raises(InvalidModel, match="holds no readable graph"):
        list(replay(tmp_path, "software", registry=registry()))
    save_graph(graph(), tmp_path / "subgraph-000")
    with pytest.raises(InvalidModel, match="holds no record"):
        list(replay(tmp_path, "software", registry=registry()))


def test_differences_count_what_is_no_number() -> None:
    tensor = graph().tensors[0].model_copy(update={"dtype": DType.FLOAT32, "quantization": None})
    expected = np.array([1.0, np.nan, 2.0], np.float32)
    device = software().open()
    assert difference(tensor, expected, expected, device.tolerance).is_tolerable
    assert not difference(tensor, np.array([1.0, 1.0, 2.0], np.float32), expected, device.tolerance).is_tolerable
