"""What the rules of lowering build on: the jobs so far, and the images that hold each tensor."""

from collections.abc import Sequence
from dataclasses import replace

from npu_hal.api import Activation, Graph
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.image import INTERLEAVED, PLANAR, Image, Layout
from npu_hal_etnaviv.jobs.job import Job, Part, Program
from npu_hal_etnaviv.jobs.tp_job import Detranspose, Pad, Transpose
from npu_hal_etnaviv.lowering.activation import raised_zero_point
from npu_hal_etnaviv.lowering.rescaling import rescaling_job
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization


class LoweringContext:
    """Collects the jobs of a graph.

    A tensor has a planar image, an interleaved one, or both; where it has one and the other is asked for, a TP job
    makes that, once. Where both arrangements are the same bytes, they are one image. `position` is that of the
    operation that is being lowered; jobs are made for it.
    """

    def __init__(self, graph: Graph, core: NpuCore) -> None:
        self.graph = graph
        self.core = core
        self.position = 0
        self._jobs: list[Job] = []
        self._positions: list[int] = []
        self._planar: dict[int, Image] = {}
        self._interleaved: dict[int, Image] = {}
        self._parts: dict[Image, Part] = {}
        for index in graph.inputs:
            self.define_interleaved(index, self.new_image(index, INTERLEAVED))

    def emit(self, job: Job) -> None:
        """Append a job."""
        self._jobs.append(job)
        self._positions.append(self.position)

    def new_image(self, tensor: int, layout: Layout) -> Image:
        """An image of a tensor's shape and quantisation, which is not yet that tensor's."""
        height, width, channels = image_shape(self.graph.tensors[tensor].shape)
        quantization = unsigned_quantization(self.graph.tensors[tensor])
        name = self.graph.tensors[tensor].name
        return Image(name, height, width, channels, layout, quantization.zero_point, quantization.scale)

    def define_planar(self, tensor: int, image: Image) -> None:
        """`image` holds the tensor, planar; its zero point may be raised (see `lowering.activation`)."""
        self._planar[tensor] = image
        if image.is_same_in_both_arrangements and not self._is_raised(tensor, image):
            self._interleaved[tensor] = image

    def define_interleaved(self, tensor: int, image: Image) -> None:
        """`image` holds the tensor, interleaved."""
        self._interleaved[tensor] = image
        if image.is_same_in_both_arrangements:
            self._planar[tensor] = image

    def new_planar(self, tensor: int, activation: Activation = Activation.NONE) -> Image:
        """A planar image that a job is about to write the tensor to, after that activation."""
        zero_point = raised_zero_point(activation, self.graph.tensors[tensor])
        image = replace(self.new_image(tensor, PLANAR), zero_point=zero_point)
        self.define_planar(tensor, image)
        return image

    def planar(self, tensor: int) -> Image:
        """The tensor's planar image, made from the interleaved one if there is none."""
        if tensor not in self._planar:
            self._planar[tensor] = self.planar_from(self._interleaved[tensor])
        return self._planar[tensor]

    def planar_from(self, image: Image) -> Image:
        """An interleaved image's values in a planar one."""
        if image.is_same_in_both_arrangements:
            return image
        planar = replace(image, name=f"{image.name}, planar", layout=PLANAR)
        self.emit(Transpose(image, planar))
        return planar

    def interleaved(self, tensor: int) -> Image:
        """The tensor's interleaved image, made from the planar one if there is none."""
        if tensor not in self._interleaved:
            self._interleaved[tensor] = self._interleaved_from(self._with_own_zero_point(tensor))
        return self._interleaved[tensor]

    def _with_own_zero_point(self, tensor: int) -> Image:
        """The tensor's planar image, with the zero point lowered again if it is raised."""
        planar = self._planar[tensor]
        if not self._is_raised(tensor, planar):
            return planar
        lowered = self.new_image(tensor, PLANAR)
        self.emit(rescaling_job(planar, lowered))
        return lowered

    def _is_raised(self, tensor: int, image: Image) -> bool:
        return image.zero_point != unsigned_quantization(self.graph.tensors[tensor]).zero_point

    def _interleaved_from(self, image: Image) -> Image:
        """A planar image's values in an interleaved one."""
        if image.is_same_in_both_arrangements:
            return image
        interleaved = replace(image, name=f"{image.name}, interleaved", layout=INTERLEAVED)
        self.emit(Detranspose(image, interleaved))
        return interleaved

    def join(self, parts: Sequence[Image], whole: Image) -> None:
        """Make the images the consecutive parts of `whole`; one that is part of something already is copied."""
        offset = 0
        for image in parts:
            member = self._outermost_alias(image)
            if member in self._parts or member is whole:
                member = self.copy(image)
            self._parts[member] = Part(whole, offset)
            offset += image.size

    def part_of(self, whole: Image, offset: int, image: Image) -> Image:
        """Make `image`, which is new, the bytes of `whole` from an offset on."""
        self._parts[image] = Part(whole, offset)
        return image

    def copy(self, image: Image) -> Image:
        """Another image of the same bytes, copied by a job."""
        twin = replace(image, name=f"{image.name}, copy")
        self.emit(copy_job(image, twin, self.core))
        return twin

    def program(self) -> Program:
        """The jobs so far as a program; makes the interleaved images of graph outputs that are missing."""
        outputs = tuple(self.interleaved(index) for index in self.graph.outputs)
        used = {image for job in self._jobs for image in (job.input, job.output)} | set(outputs)
        inputs = tuple(self._interleaved[index] for index in self.graph.inputs)
        roots = {self._root(image) for image in used}
        return Program(
            tuple(self._jobs),
            tuple(self._positions),
            tuple(image if image in used or self._root(image) in roots else None for image in inputs),
            outputs,
            self._parts,
        )

    def _outermost_alias(self, image: Image) -> Image:
        """The largest image that is nothing but these bytes."""
        while (part := self._parts.get(image)) is not None and part.whole.size == image.size:
            image = part.whole
        return image

    def _root(self, image: Image) -> Image:
        while image in self._parts:
            image = self._parts[image].whole
        return image


def copy_job(source: Image, target: Image, core: NpuCore) -> Pad:
    """Copies planes by padding with nothing."""
    return Pad(
        source,
        target,
        top=0,
        left=0,
        cores=min(core.tp_core_count, source.channels),
        input_zero_point=source.zero_point,
        output_zero_point=target.zero_point,
    )
