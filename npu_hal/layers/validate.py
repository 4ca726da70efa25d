"""The validate layer: every operation's result held against the reference, while the driver behind runs.

The driver behind compiles the graph with every tensor as an output. After each inference the reference computes every
operation alone, from the inputs that the driver behind gave it: so an error shows at the operation that makes it, not
at those that pass it on. The first operation beyond the tolerance is reported, with pictures of the errors.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from npu_hal.api import (
    Array,
    Device,
    Driver,
    DriverOption,
    Graph,
    InvalidOption,
    InvalidState,
    NpuHalError,
    Subgraph,
    SubgraphReport,
    Tolerance,
    UnsupportedOperation,
)
from npu_hal.layers.difference import Difference, difference, distances
from npu_hal.layers.error_picture import draw_error_chart, draw_error_map
from npu_hal.layers.layer import LayerDevice, LayerDriver
from npu_hal.layers.output_folder import new_folder

_log = logging.getLogger(__name__)

DEFAULT_FOLDER = "npu-hal-validate"


class ValidationFailed(NpuHalError):  # noqa: N818 - named as the interface's errors are, for what is so
    """An operation's result is further from the reference than the device's tolerance."""


class ValidateDriver(LayerDriver):
    """Holds results of the driver behind against the reference driver's."""

    layer = "validate"
    layer_options = (
        DriverOption("folder", "where to draw errors; a new folder npu-hal-validate unless given", ""),
        DriverOption("steps", "tolerance in steps of quantised values; the device's own unless given", ""),
        DriverOption("on_error", "what to do about a difference", "raise", choices=("raise", "log")),
    )

    def __init__(self, behind: Driver, reference: Callable[[], Driver]) -> None:
        super().__init__(behind)
        self._reference = reference

    def wrap(self, device: Device, options: Mapping[str, str]) -> Device:
        """Open the reference beside the device."""
        try:
            steps = options["steps"]
            if steps and not steps.isdecimal():
                raise InvalidOption(f"option validate.steps is a number of steps, not {steps!r}")
            tolerance = Tolerance(steps=int(steps)) if steps else device.tolerance
            reference = self._reference().open()
        except NpuHalError:
            device.close()
            raise
        return ValidateDevice(device, reference, _Report(tolerance, options["folder"], options["on_error"] == "raise"))


@dataclass(frozen=True, slots=True)
class _Report:
    """How much difference is too much, and what happens then."""

    tolerance: Tolerance
    folder: str
    raises: bool

    def make(self, graph: Graph, found: Sequence[Difference], wrong: int, error: Array) -> None:
        """Draw, and raise or log: operation `wrong` is the first whose result is too far, by `error`."""
        folder = new_folder(self.folder, DEFAULT_FOLDER)
        draw_error_chart([item.excess for item in found], folder / "operations.png")
        draw_error_map(error, folder / f"operation-{wrong:03d}.png")
        operation, worst = graph.operations[wrong], found[wrong]
        tensor = graph.tensors[operation.outputs[0]]
        unit = "steps" if tensor.dtype.is_integer else "real units"
        also = sum(not item.is_tolerable for item in found) - 1
        sentence = (
            f"operation {wrong} ({operation.kind}), which computes {tensor.name!r}, differs from the reference by up "
            f"to {worst.largest:g} {unit} in {worst.wrong:.2%} of its elements"
            + (f", and {also} later operations differ too" if also else "")
            + f"; pictures of the errors are in {folder}"
        )
        if self.raises:
            raise ValidationFailed(sentence)
        _log.error("%s", sentence)


class ValidateDevice(LayerDevice):
    """Compiles with every tensor as an output."""

    def __init__(self, behind: Device, reference: Device, report: _Report) -> None:
        super().__init__(behind)
        self._reference = reference
        self._report = report

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile on the device behind and, operation by operation, on the reference."""
        exposed = graph.model_copy(update={"outputs": _computed(graph)})
        subgraph = self.behind.create_subgraph(exposed)
        try:
            return ValidateSubgraph(subgraph, exposed, graph, self._reference, self._report)
        except NpuHalError:
            subgraph.close()
            raise

    def close(self) -> None:
        """Close both devices."""
        self.behind.close()
        self._reference.close()


class ValidateSubgraph(Subgraph):
    """Runs the subgraph behind, then checks each operation."""

    def __init__(self, behind: Subgraph, exposed: Graph, graph: Graph, reference: Device, report: _Report) -> None:
        self._behind = behind
        self._exposed = exposed
        self._graph = graph
        self._report = report
        self._inputs: tuple[Array, ...] | None = None
        self._buffers = {
            index: np.empty(graph.tensors[index].shape, graph.tensors[index].dtype.numpy) for index in exposed.outputs
        }
        self._checks = [_Check(exposed, position, reference) for position in range(len(graph.operations))]

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Pass on."""
        self._behind.invoke(inputs)
        self._inputs = tuple(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Fill the outputs, then raise `ValidationFailed` or log if an operation's result is too far off."""
        if self._inputs is None:
            raise InvalidState("no inference is queued: call invoke before read_outputs")
        inputs, self._inputs = self._inputs, None
        self._behind.read_outputs([self._buffers[index] for index in self._exposed.outputs])
        for index, output in zip(self._graph.outputs, outputs, strict=True):
            np.copyto(output, self._buffers[index])
        values = dict(zip(self._graph.inputs, inputs, strict=True)) | self._buffers
        found, first, error = [], None, np.zeros(0)
        for position, check in enumerate(self._checks):
            worst, where = check.run(values, self._report.tolerance)
            found.append(worst)
            if first is None and not worst.is_tolerable:
                first, error = position, where
        if first is not None:
            self._report.make(self._graph, found, first, error)

    def report(self) -> SubgraphReport | None:
        """What the driver behind tells."""
        return self._behind.report()

    def close(self) -> None:
        """Close the subgraph behind and those of the reference."""
        self._behind.close()
        for check in self._checks:
            check.close()
        self._checks = []


class _Check:
    """One operation on the reference."""

    def __init__(self, graph: Graph, position: int, reference: Device) -> None:
        self._part, self._origin = graph.extract([position])
        support = reference.supports(self._part.operations[0], self._part)
        if not support:
            raise UnsupportedOperation(
                f"operation {position} ({graph.operations[position].kind}) cannot be validated: {support.reason}"
            )
        self._subgraph = reference.create_subgraph(self._part)
        self._expected: list[Array] = [
            np.empty(tensor.shape, tensor.dtype.numpy) for tensor in self._part.output_tensors
        ]

    def run(self, values: Mapping[int, Array], tolerance: Tolerance) -> tuple[Difference, Array]:
        """The largest difference of the operation's outputs, and where it is."""
        self._subgraph.invoke([values[self._origin[index]] for index in self._part.inputs])
        self._subgraph.read_outputs(self._expected)
        results = [
            (difference(tensor, values[self._origin[index]], expected, tolerance), index, expected)
            for index, tensor, expected in zip(
                self._part.outputs, self._part.output_tensors, self._expected, strict=True
            )
        ]
        worst, index, expected = max(results, key=lambda result: result[0].excess)
        return worst, distances(values[self._origin[index]], expected)

    def close(self) -> None:
        self._subgraph.close()


def _computed(graph: Graph) -> tuple[int, ...]:
    """Every tensor that an operation computes: the graph's outputs first."""
    others = (index for operation in graph.operations for index in operation.outputs)
    return tuple(dict.fromkeys((*graph.outputs, *others)))
