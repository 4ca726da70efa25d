"""Devices and subgraphs: their life cycle, several at once, and what happens when the NPU or its memory fails."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import (
    Array,
    DeviceKind,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    DType,
    Graph,
    GraphBuilder,
    InvalidInput,
    InvalidOption,
    InvalidState,
    NpuHalError,
    OutOfDeviceMemory,
    Relu6,
    Reshape,
    Softmax,
    UnsupportedOperation,
)
from npu_hal_etnaviv.device import EtnavivDevice
from npu_hal_etnaviv.driver import EtnavivDriver
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface
from npu_hal_etnaviv.hardware.npu_core import npu_cores
from npu_hal_etnaviv.kernel.drm.render_node import FOLDER_VARIABLE
from npu_hal_etnaviv.kernel.interface import (
    DEFAULT_TIMEOUT,
    Access,
    BufferFlags,
    BufferObject,
    CoreIdentity,
    Fence,
    KernelInterface,
)
from npu_hal_etnaviv.options import Options
from tests.etnaviv.graphs import (
    V7,
    append_convolution,
    convolution_graph,
    depthwise_graph,
    image_input,
    quantization,
    random_inputs,
)
from tests.etnaviv.running import largest_difference, run_on
from tests.litert import run_graph

CHIP = "emulator:a311d"


class FailingInterface(KernelInterface):
    """An emulated NPU on which the n-th call of allocate, submit and wait (counted from 0) fails."""

    def __init__(self, call: int, error: Callable[[str], NpuHalError]) -> None:
        self.inner = EmulatedInterface(V7)
        self.calls = -1
        self.failing_call = call
        self.error = error
        self.alive: set[int] = set()
        self.is_closed = False

    def step(self, what: str) -> None:
        self.calls += 1
        if self.calls == self.failing_call:
            raise self.error(f"{what} failed")

    @property
    def identity(self) -> CoreIdentity:
        return self.inner.identity

    def allocate(self, size: int, flags: BufferFlags = BufferFlags.WRITE_COMBINED) -> BufferObject:
        self.step("allocate")
        buffer = self.inner.allocate(size, flags)
        self.alive.add(buffer.handle)
        return buffer

    def release(self, buffer: BufferObject) -> None:
        self.alive.discard(buffer.handle)
        self.inner.release(buffer)

    def cpu_prep(self, buffer: BufferObject, access: Access, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.step("cpu_prep")
        self.inner.cpu_prep(buffer, access, timeout)

    def cpu_fini(self, buffer: BufferObject) -> None:
        self.inner.cpu_fini(buffer)

    def submit(self, words: NDArray[np.uint32], buffers: Sequence[tuple[BufferObject, Access]]) -> Fence:
        self.step("submit")
        return self.inner.submit(words, buffers)

    def wait(self, fence: Fence, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.step("wait")
        self.inner.wait(fence, timeout)

    def close(self) -> None:
        self.is_closed = True
        self.inner.close()


def open_on(kernel: KernelInterface) -> EtnavivDevice:
    driver = EtnavivDriver()
    info = next(info for info in driver.probe() if info.name == CHIP)
    return EtnavivDevice(info, V7, kernel, Options.parse(driver.check_options(None)))


def check_against_reference(graph: Graph, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    for array, expected in zip(outputs, run_graph(graph, inputs), strict=True):
        assert largest_difference(array, expected) <= 1


def test_every_known_core_opens_as_an_emulator() -> None:
    driver = EtnavivDriver()
    emulators = [info for info in driver.probe() if info.kind is DeviceKind.EMULATOR]
    assert [info.name for info in emulators[:2]] == ["emulator:a311d", "emulator:imx8mp"]
    assert len({info.details["variant"] for info in emulators}) == len(npu_cores()) == 12
    for info in emulators:
        with driver.open(info.name) as device:
            assert device.info == info


def test_without_an_npu_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    driver = EtnavivDriver()
    assert all(info.kind is DeviceKind.EMULATOR for info in driver.probe())
    with pytest.raises(DeviceNotFound, match=r"modprobe etnaviv.*emulator:a311d"):
        driver.open()
    with pytest.raises(DeviceNotFound, match=r"toaster.*a311d"):
        driver.open("emulator:toaster")


def test_several_subgraphs_share_a_device() -> None:
    graphs = [convolution_graph((1, 9, 7, 3), 5, 3), depthwise_graph((1, 6, 8, 10)), convolution_graph((1, 4, 4, 8), 6)]
    with EtnavivDriver().open(CHIP) as device:
        subgraphs = [device.create_subgraph(graph) for graph in graphs]
        for seed in range(2):
            for graph, subgraph in zip(graphs, subgraphs, strict=True):
                inputs = random_inputs(graph, seed)
                subgraph.invoke(inputs)
                outputs = [np.empty(tensor.shape, np.uint8) for tensor in graph.output_tensors]
                subgraph.read_outputs(outputs)
                check_against_reference(graph, inputs, outputs)


def test_inferences_of_several_subgraphs_interleave() -> None:
    graph = convolution_graph((1, 9, 7, 3), 5, 3)
    with EtnavivDriver().open(CHIP) as device:
        subgraphs = [device.create_subgraph(graph) for _ in range(3)]
        inputs = [random_inputs(graph, seed) for seed in range(3)]
        for subgraph, arrays in zip(subgraphs, inputs, strict=True):
            subgraph.invoke(arrays)
        for subgraph, arrays in reversed(list(zip(subgraphs, inputs, strict=True))):
            outputs = [np.empty(tensor.shape, np.uint8) for tensor in graph.output_tensors]
            subgraph.read_outputs(outputs)
            check_against_reference(graph, arrays, outputs)


def test_threads_each_with_a_subgraph() -> None:
    graph = convolution_graph((1, 12, 9, 3), 7, 3)
    expected = [run_graph(graph, random_inputs(graph, seed))[0] for seed in range(4)]
    wrong: list[object] = []

    def work(seed: int) -> None:
        try:
            for _ in range(5):
                (output,) = run_on(device, graph, random_inputs(graph, seed))
                if largest_difference(output, expected[seed]) > 1:
                    wrong.append(seed)
        except NpuHalError as error:
            wrong.append(error)

    with EtnavivDriver().open(CHIP) as device:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_calls_out_of_order_are_errors() -> None:
    graph = convolution_graph((1, 4, 4, 2), 3)
    device = EtnavivDriver().open(CHIP)
    subgraph = device.create_subgraph(graph)
    inputs, outputs = random_inputs(graph), [np.empty(graph.output_tensors[0].shape, np.uint8)]
    with pytest.raises(InvalidState, match="invoke first"):
        subgraph.read_outputs(outputs)
    with pytest.raises(InvalidInput):
        subgraph.invoke([])
    subgraph.invoke(inputs)
    with pytest.raises(InvalidInput):
        subgraph.read_outputs([])
    subgraph.read_outputs(outputs)
    device.close()
    device.close()
    subgraph.close()
    with pytest.raises(InvalidState, match="closed"):
        subgraph.invoke(inputs)
    with pytest.raises(InvalidState, match="closed"):
        device.create_subgraph(graph)


def test_an_unsupported_operation_is_refused_before_anything_is_built() -> None:
    builder = GraphBuilder()
    y = builder.tensor("y", DType.UINT8, quantization(1 / 256, 0))
    builder.append(Softmax(input=image_input(builder, (1, 1, 1, 4)), output=y))
    kernel = FailingInterface(-1, DeviceLost)
    with open_on(kernel) as device:
        calls = kernel.calls
        with pytest.raises(UnsupportedOperation, match=r"operation 0 \(SOFTMAX\)"):
            device.create_subgraph(builder.build([y]))
        assert kernel.calls == calls


def test_a_graph_that_only_reshapes_needs_no_job() -> None:
    builder = GraphBuilder()
    y = builder.tensor("y", DType.UINT8, quantization())
    builder.append(Reshape(input=image_input(builder, (1, 2, 3, 4)), output=y, shape=(6, 4)))
    graph = builder.build([y])
    with EtnavivDriver().open(CHIP) as device:
        inputs = random_inputs(graph)
        (output,) = run_on(device, graph, inputs)
    assert np.array_equal(output, inputs[0].reshape(6, 4))


def test_an_input_that_nothing_reads_is_ignored() -> None:
    builder = GraphBuilder()
    image_input(builder, (1, 2, 2, 2), "unused")
    y = append_convolution(builder, image_input(builder, (1, 4, 4, 2)), 3)
    graph = builder.build([y])
    with EtnavivDriver().open(CHIP) as device:
        inputs = random_inputs(graph)
        check_against_reference(graph, inputs, run_on(device, graph, inputs))


@pytest.mark.parametrize("error", [OutOfDeviceMemory, DeviceLost, DeviceTimeout])
def test_a_failure_at_any_call_leaves_nothing_behind(error: type[NpuHalError]) -> None:
    graph = convolution_graph((1, 9, 7, 3), 5, 3, stride_height=2, stride_width=2)

    def use(kernel: KernelInterface) -> None:
        with open_on(kernel) as device:
            run_on(device, graph, random_inputs(graph))

    counting = FailingInterface(-1, error)
    use(counting)
    # Two to initialise, four buffers, one access to fill them, and per inference two accesses, a submit and a wait.
    assert counting.calls + 1 == 2 + 4 + 1 + 4
    for call in range(counting.calls + 1):
        kernel = FailingInterface(call, error)
        with pytest.raises(error, match="failed"):
            use(kernel)
        assert not kernel.alive


def test_a_device_that_cannot_be_initialised_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = FailingInterface(0, DeviceLost)
    monkeypatch.setattr("npu_hal_etnaviv.opening.open_device", lambda name: kernel)
    with pytest.raises(DeviceLost):
        EtnavivDriver().open(CHIP)
    assert kernel.is_closed


def test_submits_are_dumped(tmp_path: Path) -> None:
    graph = convolution_graph((1, 4, 4, 2), 3)
    folder = tmp_path / "dump"
    with EtnavivDriver().open(CHIP, {"dump": str(folder)}) as device:
        run_on(device, graph, random_inputs(graph))
    assert [path.name for path in sorted(folder.iterdir())] == ["submit-0000", "submit-0001"]
    with pytest.raises(InvalidOption, match="not empty"):
        EtnavivDriver().open(CHIP, {"dump": str(folder)})


def test_options_are_checked() -> None:
    with pytest.raises(InvalidOption, match="none, mesa"):
        EtnavivDriver().open(CHIP, {"compatible": "windows"})
    builder = GraphBuilder()
    y = builder.tensor("y", DType.UINT8, quantization(0.02, 0))
    builder.append(Relu6(input=image_input(builder, (1, 2, 2, 2)), output=y))
    graph = builder.build([y])
    for options, supported in (({}, True), ({"compatible": "mesa"}, False)):
        with EtnavivDriver().open(CHIP, options) as device:
            assert bool(device.supports(graph.operations[0], graph)) is supported


def test_the_report_lists_jobs_and_memory() -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 12, 11, 3)), 8, 3, stride_height=2, stride_width=2)
    for _ in range(3):
        y = append_convolution(builder, y, 8, 3)
    with EtnavivDriver().open(CHIP) as device:
        subgraph = device.create_subgraph(builder.build([y]))
        report = subgraph.report()
    assert report is not None
    assert [job.unit for job in report.jobs] == ["TP", "TP", "NN", "NN", "NN", "NN", "TP"]
    assert [job.operations for job in report.jobs] == [(0,), (0,), (0,), (1,), (2,), (3,), (3,)]
    assert report.jobs[2].details["input"] == "12x7x7"
    assert report.jobs[2].details["output"] == "8x6x6"
    assert sum(job.coefficient_bytes for job in report.jobs) == report.memory["coefficients"]
    # Four images of 8 x 6 x 6 in a row need no more memory than two, beside the rearranged input.
    assert report.memory["scratch"] < report.memory["scratch without reuse"]
