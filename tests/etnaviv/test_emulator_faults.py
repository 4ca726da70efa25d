"""What the emulated NPU stops at, provoked by editing words and bytes of good jobs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api.errors import DeviceLost, DeviceNotFound, InvalidState, OutOfDeviceMemory
from npu_hal_etnaviv.emulator.emulated_interface import EmulatedInterface, open_emulator
from npu_hal_etnaviv.emulator.faults import NpuFault
from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import ALIASES, npu_cores
from npu_hal_etnaviv.hardware.registers import Register
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG
from npu_hal_etnaviv.kernel.interface import Access
from tests.etnaviv.golden_replay import GoldenReplay

MODEL = "g_conv_14x14_k3_i3_o9_s2_same"
"""Transpose, space-to-depth over several TP cores, convolution, transpose back: jobs 0 to 3."""

NN_JOB = 2

Replay = Callable[[str], GoldenReplay]


@pytest.fixture
def replay(shared: Path) -> Iterator[Replay]:
    kernels: list[EmulatedInterface] = []

    def make(chip: str) -> GoldenReplay:
        kernels.append(open_emulator(chip))
        return GoldenReplay(shared / "golden" / chip / f"{MODEL}.json", kernels[-1])

    yield make
    for kernel in kernels:
        kernel.close()


def fault_of(jobs: GoldenReplay) -> NpuFault:
    with pytest.raises(DeviceLost) as caught:
        jobs.run()
    assert isinstance(caught.value, NpuFault)
    return caught.value


def edit_config(jobs: GoldenReplay, job: int, field: str, value: int) -> None:
    name = f"sg0.job{job}.config0"
    layout = NN_CONFIG if job == NN_JOB else TP_CONFIG
    words = jobs.buffers[name].data[: layout.byte_count].view("<u4")
    entry = layout.field(field)
    words[entry.word] = int(words[entry.word]) & ~entry.mask | value << entry.low & entry.mask


NN_FAULTS = [
    ("kernel_xy_size", 0, "is out of range"),
    ("kernel_y_size", 0, "is out of range"),
    ("kernel_z_size", 0, "is out of range"),
    ("kernels_per_core", 0, "is out of range"),
    ("kernels_per_core", 127, "is out of range"),
    ("in_image_x_size", 0, "is out of range"),
    ("in_image_y_size", 0, "is out of range"),
    ("out_image_x_size", 0, "is out of range"),
    ("out_image_y_size", 8191, "is out of range"),
    ("out_image_z_size", 0, "is out of range"),
    ("out_image_tile_x_size", 0, "is out of range"),
    ("out_image_tile_x_size", 127, "is out of range"),
    ("out_image_tile_y_size", 0, "is out of range"),
    ("in_image_x_stride", 1, "is out of range"),
    ("in_image_y_stride", 1, "is out of range"),
    ("out_image_x_stride", 1, "is out of range"),
    ("out_image_y_stride", 1, "is out of range"),
    ("in_image_border_const", 256, "is out of range"),
    ("in_image_y_stride", 65535, None),
    ("layer_type", 1, "no documented value"),
    ("prelu", 1, "no documented value"),
    ("pooling", 1, "no documented value"),
    ("pooling_xy_size", 0, "first-pixel"),
    ("kernel_data_type", 2, "no documented value"),
    ("in_image_data_type", 1, "no documented value"),
    ("brick_mode", 1, "no documented value"),
    ("rounding_mode", 0, "no documented value"),
    ("nn_layer_flush", 0, "no documented value"),
    ("in_image_border_mode", 2, "no documented value"),
    ("out_image_circular_buf_size", 4096, "no documented value"),
    ("in_image_circular_buf_end_addr_plus_1", 0, "no documented value"),
    ("per_channel_post_mul", 1, "no documented value"),
    ("unused13", 1, "no documented value"),
    ("further4", 0, "no documented value"),
    ("in_image_address", 0, "lies in no buffer"),
    ("out_image_address", 0xFFFFFFFF, None),
    ("kernel_address", 0, "lies in no buffer"),
    ("kernel_pattern_low", 0xFFFFFFFF, "ok"),
]

CHIP_FAULTS = [
    ("a311d", "no_z_offset", 1, "no documented value"),
    ("a311d", "no_flush", 1, "no documented value"),
    ("a311d", "depthwise", 1, "no documented value"),
    ("a311d", "unused7_2", 1, "no documented value"),
    ("a311d", "post_multiplier_15_to_22", 1, "no documented value"),
    ("a311d", "kernel_xy_size", 12, "is out of range"),
    ("a311d", "kernel_cache_end_address", 0xFFFFFFFF, "is out of range"),
    ("imx8mp", "no_z_offset", 0, "no documented value"),
    ("imx8mp", "no_flush", 0, "no documented value"),
    ("imx8mp", "kernel_caching_mode", 1, "no documented value"),
]


@pytest.mark.parametrize("chip", ["a311d", "imx8mp"])
@pytest.mark.parametrize(("field", "value", "words"), NN_FAULTS)
def test_an_nn_field_out_of_range_is_named(
    replay: Replay, chip: str, field: str, value: int, words: str | None
) -> None:
    check_nn_fault(replay(chip), field, value, words)


@pytest.mark.parametrize(("chip", "field", "value", "words"), CHIP_FAULTS)
def test_an_nn_field_of_the_other_generation_is_named(
    replay: Replay, chip: str, field: str, value: int, words: str
) -> None:
    check_nn_fault(replay(chip), field, value, words)


def check_nn_fault(jobs: GoldenReplay, field: str, value: int, words: str | None) -> None:
    edit_config(jobs, NN_JOB, field, value)
    if words == "ok":
        jobs.run()
        return
    fault = fault_of(jobs)
    assert fault.place.job == f"job {NN_JOB} (NN)"
    if words is not None:
        assert (fault.place.field, fault.place.word) == (field, NN_CONFIG.field(field).word)
        assert words in fault.problem
    assert str(fault.place) in str(fault)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("in_image_x_size", 0, "is out of range"),
        ("in_tile_x_size", 0, "is out of range"),
        ("in_tile_y_size", 3, "no multiple"),
        ("in_tile_y_inc", 1, "is out of range"),
        ("in_window_x_end", 0x8000, "is out of range"),
        ("out_loop_0_count", 0, "is out of range"),
        ("out_loop_0_count", 13, "no multiple"),
        ("in_image_z_size", 14 * 4096, "beyond buffer"),
        ("in_image_slice", 0x10000, "beyond buffer"),
        ("out_loop_1_inc", 0x10000, "beyond buffer"),
        ("out_loop_1_inc", 0xFFFF0000, None),
        ("in_image_base_address", 0x10, "lies in no buffer"),
        ("out_image_base_address", 0x10, "lies in no buffer"),
        ("in_image_circular_buf_size", 64, "no documented value"),
        ("alu_pwl_enable", 1, "no documented value"),
        ("last", 0, "no documented value"),
        ("unused0", 1, "no documented value"),
        ("in_image_global_mem", 0, "no documented value"),
    ],
)
def test_a_tp_field_out_of_range_is_named(replay: Replay, field: str, value: int, words: str | None) -> None:
    jobs = replay("a311d")
    edit_config(jobs, 0, field, value)
    fault = fault_of(jobs)
    assert fault.place.job == "job 0 (TP)"
    assert fault.place.structure == TP_CONFIG.name
    if words is not None:
        assert words in fault.problem
    if words is not None and words != "beyond buffer":
        assert (fault.place.field, fault.place.word) == (field, TP_CONFIG.field(field).word)


def test_a_fault_in_a_part_of_a_split_job_names_the_part(replay: Replay) -> None:
    jobs = replay("a311d")
    jobs.buffers["sg0.job1.config2"].data[0:4] = 0
    assert fault_of(jobs).place.job == "job 1 (TP, config 2)"


def test_an_undefined_config_bit_can_not_be_set() -> None:
    assert not NN_CONFIG.undefined_bits([0xFFFFFFFF] * NN_CONFIG.word_count)
    assert not TP_CONFIG.undefined_bits([0xFFFFFFFF] * TP_CONFIG.word_count)


@pytest.mark.parametrize(
    ("edit", "field", "words"),
    [
        (lambda words: words[:-1][:9], "command", "values, and 0 words are left"),
        (lambda words: np.concatenate([words[:8], words[8:9] & 0xFFFF, words[9:]]), "command", "no LOAD_STATE"),
        (lambda words: np.concatenate([words[:8], words[8:9] | 1 << 26, words[9:]]), "command", "no LOAD_STATE"),
        (lambda words: np.concatenate([words[:8], words[8:9] + 1, words[9:]]), None, None),
        (lambda words: np.concatenate([words[:7], words[8:]]), "command", "odd word"),
        (lambda words: words[:-6], "GL_FLUSH_CACHE", "without a flush"),
        (lambda words: np.concatenate([words[:8], words[10:]]), "PS_TP_INST_ADDR", "before GL_OCB_REMAP_START"),
        (lambda words: np.zeros(0x4001, np.uint32), "command", "at most"),
        (lambda words: np.array([0x08010000 | 0x1234 >> 2, 0], np.uint32), "register 0x1234", "no NPU job"),
    ],
)
def test_a_bad_command_stream_is_named(
    replay: Replay, edit: Callable[[np.ndarray], np.ndarray], field: str | None, words: str | None
) -> None:
    jobs = replay("a311d")
    submit = jobs.submits()[1]
    with pytest.raises(NpuFault) as caught:
        jobs.kernel.wait(jobs.kernel.submit(edit(submit.words), submit.buffers))
    assert caught.value.place.structure == "command stream"
    if field is not None and words is not None:
        assert caught.value.place.field == field
        assert words in caught.value.problem


@pytest.mark.parametrize(
    "register", ["GL_FLUSH_CACHE", "GL_OCB_REMAP_START", "GL_NN_CONFIG", "GL_TP_CONFIG", "PS_UNK10A4"]
)
def test_a_register_with_another_value_is_named(replay: Replay, register: str) -> None:
    jobs = replay("a311d")
    submit = jobs.submits()[1]
    command = 0x08010000 | Register[register] >> 2
    index = int(np.flatnonzero(submit.words == command)[0]) + 1
    submit.words[index] = 0x80000000
    with pytest.raises(NpuFault) as caught:
        jobs.kernel.wait(jobs.kernel.submit(submit.words, submit.buffers))
    assert (caught.value.place.field, caught.value.place.word) == (register, index)


def test_a_buffer_that_is_not_listed_is_unmapped(replay: Replay) -> None:
    jobs = replay("a311d")
    submit = jobs.submits()[1]
    tensor = jobs.buffers["sg0.tensor0"]
    listed = [(buffer, access) for buffer, access in submit.buffers if buffer is not tensor]
    with pytest.raises(NpuFault, match="lies in no buffer"):
        jobs.kernel.wait(jobs.kernel.submit(submit.words, listed))


@pytest.mark.parametrize(("access", "words"), [(Access.READ, "not for write"), (Access.WRITE, "not for read")])
def test_access_against_the_buffers_flag_faults(replay: Replay, access: Access, words: str) -> None:
    jobs = replay("imx8mp")
    submit = jobs.submits()[1]
    between = {entry["name"] for entry in jobs.golden["submits"][1]["bos"] if entry["access"] == "rw"}
    buffers = {id(jobs.buffers[name]) for name in between}
    listed = [(buffer, access if id(buffer) in buffers else given) for buffer, given in submit.buffers]
    with pytest.raises(NpuFault, match=words):
        jobs.kernel.wait(jobs.kernel.submit(submit.words, listed))


@pytest.mark.parametrize("target", ["sg0.job2.config0", "sg0.job2.coefficients", "sg0.job0.config0"])
def test_a_write_to_a_constant_faults_even_if_the_buffer_is_writable(replay: Replay, target: str) -> None:
    jobs = replay("a311d")
    edit_config(jobs, 0, "out_image_base_address", jobs.buffers[target].address)
    submit = jobs.submits()[1]
    listed = [(buffer, Access.READ | Access.WRITE) for buffer, _ in submit.buffers]
    with pytest.raises(NpuFault, match="a constant of this submit must not be written") as caught:
        jobs.kernel.wait(jobs.kernel.submit(submit.words, listed))
    assert caught.value.place.field == "out_image_base_address"


def test_a_misaligned_config_faults(replay: Replay) -> None:
    # The low six bits are the sync id, so that only the sync id's range can be broken there.
    jobs = replay("a311d")
    submit = jobs.submits()[1]
    index = int(np.flatnonzero(submit.words == (0x08010000 | Register.PS_NN_INST_ADDR >> 2))[0]) + 1
    submit.words[index] |= 0x3F
    with pytest.raises(NpuFault, match="sync id"):
        jobs.kernel.wait(jobs.kernel.submit(submit.words, submit.buffers))


@pytest.mark.parametrize("chip", ["a311d", "imx8mp"])
def test_coefficients_that_run_out_are_named(replay: Replay, chip: str) -> None:
    jobs = replay(chip)
    header = 0 if chip == "a311d" else 28
    sizes = jobs.buffers["sg0.job2.coefficients"].data[header : header + 4].view("<u4")
    for size, words in ((0, ""), (1 << 31, "run out")):
        sizes[0] = size
        fault = fault_of(jobs)
        assert (fault.place.field, fault.place.word) == ("kernel_address", 5)
        assert words in fault.problem
        jobs = replay(chip)
        sizes = jobs.buffers["sg0.job2.coefficients"].data[header : header + 4].view("<u4")


@pytest.mark.parametrize(
    ("chip", "byte", "value", "field"),
    [
        ("a311d", 0, 1, "stream_bytes_0"),
        ("a311d", 63, 1, "reserved bits"),
        ("imx8mp", 0, 0x11, "precode"),
        ("imx8mp", 0, 0x20, "version"),
        ("imx8mp", 1, 4, "run_length_size"),
        ("imx8mp", 24, 1, "average_bias"),
        ("imx8mp", 63, 1, "stream_bits_8"),
    ],
)
def test_a_bad_coefficient_header_is_named(replay: Replay, chip: str, byte: int, value: int, field: str) -> None:
    jobs = replay(chip)
    jobs.buffers["sg0.job2.coefficients"].data[byte] = value
    fault = fault_of(jobs)
    assert fault.place.field == field
    assert fault.place.word == byte // 4
    assert "coefficient header" in fault.place.structure


def test_a_changed_coefficient_byte_is_seen(replay: Replay) -> None:
    jobs = replay("imx8mp")
    random = np.random.default_rng(1)
    source = jobs.tensor(jobs.subgraphs[0], jobs.boundary(jobs.subgraphs[0])[0][0])
    source[:] = random.integers(0, 256, source.size, np.uint8)
    output = jobs.tensor(jobs.subgraphs[0], jobs.boundary(jobs.subgraphs[0])[1][0])
    jobs.run()
    before = output.copy()
    jobs.run()
    assert np.array_equal(output, before)
    job = next(job for job in jobs.subgraphs[0]["ops"] if job["type"] == "NN")
    used = job["coefficients"]["used"]
    table = jobs.buffers["sg0.job2.coefficients"].data[used - 4 * job["configs"][0]["out_image_z_size"] : used]
    table.view("<i4")[:] += 100000
    jobs.run()
    assert not np.array_equal(output, before)


def test_a_lost_device_stays_lost_and_another_one_works(replay: Replay) -> None:
    jobs = replay("a311d")
    edit_config(jobs, NN_JOB, "kernel_xy_size", 0)
    fault_of(jobs)
    with pytest.raises(DeviceLost):
        jobs.run()
    replay("a311d").run()


def test_every_variant_opens() -> None:
    for name in [*ALIASES, *(core.name for core in npu_cores())]:
        with open_emulator(f"emulator:{name}") as kernel:
            assert kernel.identity == kernel.core.identity


def test_an_unknown_variant_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeviceNotFound, match="a311d, imx8mp"):
        open_emulator("emulator:a312d")


def test_a_closed_device_says_so() -> None:
    kernel = open_emulator("a311d")
    buffer = kernel.allocate(1)
    kernel.close()
    kernel.close()
    with pytest.raises(InvalidState, match="closed"):
        kernel.allocate(1)
    with pytest.raises(InvalidState, match="after its release"):
        buffer.data.fill(0)


def test_memory_that_is_not_there_is_refused() -> None:
    with open_emulator("a311d") as kernel, pytest.raises(OutOfDeviceMemory, match="were asked"):
        kernel.allocate(3 << 30)
