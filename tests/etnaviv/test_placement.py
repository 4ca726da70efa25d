"""Memory of images: lifetimes, sharing, and which buffer holds what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from npu_hal.api import DType, GraphBuilder, Relu
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.lowering.lower import lower
from npu_hal_etnaviv.placement.arena import IMAGE_ALIGNMENT, pack
from npu_hal_etnaviv.placement.lifetime import BEFORE_ALL_JOBS, Block, blocks
from npu_hal_etnaviv.placement.memory_plan import Region, plan_memory
from tests.etnaviv.graphs import V7, append_addition, append_convolution, image_input, quantization


def block(size: int, first: int, last: int) -> Block:
    image = Image("image", 1, 1, size, PLANAR, 0, 1.0)
    return Block(image, {image: 0}, first, last, False, False, True, True)


spans = st.tuples(st.integers(1, 5000), st.integers(0, 20), st.integers(0, 20)).map(
    lambda span: block(span[0], min(span[1:]), max(span[1:]))
)


@settings(max_examples=200)
@given(st.lists(spans, max_size=15))
def test_blocks_that_live_at_the_same_time_do_not_overlap(members: list[Block]) -> None:
    offsets, size = pack(members)
    placed = list(zip(offsets, members, strict=True))
    for number, (offset, member) in enumerate(placed):
        assert offset % IMAGE_ALIGNMENT == 0
        assert offset + member.size <= size
        for other_offset, other in placed[:number]:
            apart = offset + member.size <= other_offset or other_offset + other.size <= offset
            assert apart or not member.overlaps(other)


def test_a_chain_needs_two_images() -> None:
    chain = [block(1000, number, number + 1) for number in range(10)]
    assert pack(chain)[1] == 1024 + 1000


def test_lifetimes_are_from_the_first_to_the_last_use_of_any_part() -> None:
    builder = GraphBuilder()
    x = image_input(builder, (1, 4, 4, 2))
    first = append_convolution(builder, x, 2)
    second = append_convolution(builder, first, 2)
    y = append_addition(builder, first, second)
    program = lower(builder.build([y]), V7)
    # Jobs: transpose, first, second, sum, detranspose.
    spans = {found.root.name: (found.first, found.last) for found in blocks(program)}
    assert spans["x"] == (BEFORE_ALL_JOBS, 0)
    assert spans["x, planar"] == (0, 1)
    assert spans["operands of sum"] == (1, 3)
    assert spans["sum"] == (3, 4)
    assert spans["sum, interleaved"] == (4, 5)


def test_inputs_and_outputs_have_buffers_of_their_own() -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 4, 4, 2)), 3)
    program = lower(builder.build([y]), V7)
    memory = plan_memory(program)
    (source,), (target,) = program.inputs, program.outputs
    assert source is not None
    assert memory.places[source].region is Region.INPUTS
    assert memory.places[target].region is Region.OUTPUTS
    assert memory.sizes == {Region.INPUTS: 32, Region.OUTPUTS: 48, Region.SCRATCH: 64 + 32}


def test_an_output_that_a_job_reads_is_no_write_only_memory() -> None:
    builder = GraphBuilder()
    y = append_convolution(builder, image_input(builder, (1, 4, 4, 1)), 1)
    z = builder.tensor("z", DType.UINT8, quantization())
    builder.append(Relu(input=y, output=z))
    program = lower(builder.build([y, z]), V7)
    memory = plan_memory(program)
    assert [memory.places[image].region for image in program.outputs] == [Region.SCRATCH, Region.OUTPUTS]
