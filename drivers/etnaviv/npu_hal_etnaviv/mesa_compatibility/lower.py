"""Lowering a graph to the jobs that Mesa's driver makes, in their order (hardware note, section 3)."""

import math
from collections.abc import Sequence
from dataclasses import replace

from npu_hal.api import Add, Concatenation, Conv2D, DepthwiseConv2D, FullyConnected, Graph, Pad, Split, Tensor
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs import tp_job
from npu_hal_etnaviv.jobs.image import INTERLEAVED, PLANAR, Image
from npu_hal_etnaviv.jobs.job import Job, Part, Program
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.mesa_compatibility.nn_jobs import addition_job, convolution_job, fully_connected_job
from npu_hal_etnaviv.mesa_compatibility.rearranging import reads_rearranged, rearranging_job


def lower_as_mesa(graph: Graph, core: NpuCore) -> Program:
    """The jobs of a graph of operations that `supports_as_mesa` accepts."""
    lowering = _Lowering(graph, core)
    for position, operation in enumerate(graph.operations):
        match operation:
            case Conv2D() | DepthwiseConv2D():
                lowering.convolution(operation)
            case FullyConnected():
                lowering.fully_connected(operation)
            case Add():
                lowering.addition(operation)
            case Concatenation():
                lowering.concatenation(operation)
            case Split():
                lowering.split(operation)
            case Pad():
                lowering.pad(operation)
        lowering.made_for(position)
    return lowering.program()


def _model_zero_point(tensor: Tensor) -> int:
    """A zero point as the model has it, cut to a byte, where the NPU's is unsigned."""
    return 0 if tensor.quantization is None else tensor.quantization.zero_point & 0xFF


class _Lowering:
    """A tensor has one image; what its layout is depends on who writes and who reads it.

    An operation transposes its first input unless some operation computes it, and detransposes its output unless
    some operation reads it; nothing else is converted, and what is converted for one operation is not kept for
    the next.
    """

    def __init__(self, graph: Graph, core: NpuCore) -> None:
        self._graph = graph
        self._core = core
        self._jobs: list[Job] = []
        self._positions: list[int] = []
        self._parts: dict[Image, Part] = {}
        self._produced = {index for operation in graph.operations for index in operation.outputs}
        self._consumed = {index for operation in graph.operations for index in operation.inputs}
        self._images = {index: self._image(index) for index in (*graph.inputs, *self._produced)}

    def convolution(self, operation: Conv2D | DepthwiseConv2D) -> None:
        source = self._transposed(operation.input)
        if reads_rearranged(operation, self._graph, self._core):
            job = rearranging_job(operation, self._graph, self._core, source)
            self._jobs.append(job)
            source = job.output
        target = self._output(operation.output)
        self._jobs.append(convolution_job(operation, self._graph, self._core, source, target))
        self._detranspose(operation.output, target)

    def fully_connected(self, operation: FullyConnected) -> None:
        source, target = self._images[operation.input], self._images[operation.output]
        self._jobs.append(fully_connected_job(operation, self._graph, self._core, source, target))

    def addition(self, operation: Add) -> None:
        first, second = self._images[operation.lhs], self._images[operation.rhs]
        both = replace(first, name=f"operands of {first.name}", channels=2 * first.channels)
        self._place((first, second), both)
        target = self._output(operation.output)
        self._jobs.append(addition_job(operation, self._graph, self._core, both, target))
        self._detranspose(operation.output, target)

    def concatenation(self, operation: Concatenation) -> None:
        parts = [self._transposed(index) for index in operation.concatenated]
        whole = self._output(operation.output)
        if whole is not self._images[operation.output]:
            # The job that detransposes a concatenation is told no zero point; it moves values, so none matters.
            whole = replace(whole, zero_point=0)
            self._images[operation.output] = replace(self._images[operation.output], zero_point=0)
        self._place(parts, whole)
        self._detranspose(operation.output, whole)

    def split(self, operation: Split) -> None:
        self._place([self._images[index] for index in operation.parts], self._images[operation.input])

    def pad(self, operation: Pad) -> None:
        source = self._transposed(operation.input)
        target = self._output(operation.output)
        tensors = self._graph.tensors
        self._jobs.append(
            tp_job.Pad(
                source,
                target,
                top=1,
                left=1,
                cores=self._core.tp_core_count,
                input_zero_point=_model_zero_point(tensors[operation.input]),
                output_zero_point=_model_zero_point(tensors[operation.output]),
            )
        )
        self._detranspose(operation.output, target)

    def made_for(self, position: int) -> None:
        """The jobs since the last call were made for the operation at `position`."""
        self._positions.extend([position] * (len(self._jobs) - len(self._positions)))

    def program(self) -> Program:
        used = {image for job in self._jobs for image in (job.input, job.output)} | set(self._parts)
        return Program(
            tuple(self._jobs),
            tuple(self._positions),
            tuple(self._images[index] if self._images[index] in used else None for index in self._graph.inputs),
            tuple(self._images[index] for index in self._graph.outputs),
            self._parts,
        )

    def _image(self, tensor: int) -> Image:
        quantization = unsigned_quantization(self._graph.tensors[tensor])
        name = self._graph.tensors[tensor].name
        shape = image_shape(self._graph.tensors[tensor].shape)
        return Image(name, *shape, INTERLEAVED, quantization.zero_point, quantization.scale)

    def _transposed(self, tensor: int) -> Image:
        image = self._images[tensor]
        if tensor in self._produced or image.channels == 1:
            return image
        planar = replace(image, name=f"{image.name}, planar", layout=PLANAR)
        self._jobs.append(tp_job.Transpose(image, planar))
        return planar

    def _output(self, tensor: int) -> Image:
        """What the operation that computes a tensor writes."""
        image = self._images[tensor]
        if tensor in self._consumed or image.channels == 1:
            return image
        return replace(image, name=f"{image.name}, planar", layout=PLANAR)

    def _detranspose(self, tensor: int, planar: Image) -> None:
        if planar is not self._images[tensor]:
            self._jobs.append(tp_job.Detranspose(planar, self._images[tensor]))

    def _place(self, parts: Sequence[Image], whole: Image) -> None:
        """Mesa moves a tensor that is part of something already; here the first place stays, and the rest is wrong."""
        offset = 0
        for part in parts:
            self._parts.setdefault(part, Part(whole, offset))
            offset += math.prod((part.height, part.width, part.channels))
