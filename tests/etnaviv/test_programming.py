"""Command streams, the sharing of TP jobs, and their configs beyond what the goldens show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal_etnaviv.emulator.command_parser import parse_jobs, register_writes
from npu_hal_etnaviv.hardware.registers import STREAM_WORD_LIMIT, Register
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG
from npu_hal_etnaviv.jobs.image import INTERLEAVED, PLANAR, Image
from npu_hal_etnaviv.jobs.tp_job import Detranspose
from npu_hal_etnaviv.programming.command_stream import JobStart, NNStart, TPStart, job_streams
from npu_hal_etnaviv.programming.tp_config import tp_configs
from npu_hal_etnaviv.programming.tp_split import largest_axis, shares


@given(size=st.integers(1, 300), cores=st.integers(1, 8))
def test_shares_cover_the_axis_once(size: int, cores: int) -> None:
    parts = list(shares(size, cores))
    assert [index for part in parts for index in range(part.start, part.start + part.count)] == list(range(size))
    assert [part.is_last for part in parts] == [False] * (cores - 1) + [True]
    assert max(part.count for part in parts) - min(part.count for part in parts) <= 1


@pytest.mark.parametrize(("sizes", "axis"), [((5, 4, 3), 0), ((5, 5, 3), 1), ((5, 5, 5), 2), ((5, 6, 3), 1)])
def test_the_largest_axis_is_shared(sizes: tuple[int, int, int], axis: int) -> None:
    assert largest_axis(*sizes) == axis


def test_few_jobs_are_one_stream() -> None:
    starts: list[JobStart] = [TPStart((0x1000, 0x1040), is_pad=True), NNStart(0x2000)]
    (words,) = job_streams(starts)
    assert len(words) == 14 + 2 * 10 + 2 + 10
    writes = [(write.register, write.value) for write in register_writes(words)]
    assert [value for register, value in writes if register is Register.PS_TP_INST_ADDR] == [0x1001, 0x1040]
    assert [value for register, value in writes if register is Register.GL_UNK03950] == [8, 0]
    assert [value for register, value in writes if register is Register.PS_NN_INST_ADDR] == [0x2000]


def test_streams_keep_to_the_limit_of_words() -> None:
    starts: list[JobStart] = [NNStart(64 * number) for number in range(4000)]
    streams = job_streams(starts)
    assert all(len(words) <= STREAM_WORD_LIMIT for words in streams)
    assert len(streams) == 3
    addresses = [command.config_address for words in streams for command in parse_jobs(words)]
    assert addresses == [64 * number for number in range(4000)]


def test_no_job_is_no_stream() -> None:
    assert job_streams([]) == []


@pytest.mark.parametrize("shape", [(3, 5, 7), (64, 64, 600), (300, 300, 300)])
def test_detransposing_reads_the_buffer_from_start_to_end(shape: tuple[int, int, int]) -> None:
    source, target = Image("planar", *shape, PLANAR, 7, 1.0), Image("interleaved", *shape, INTERLEAVED, 7, 1.0)
    (fields,) = tp_configs(Detranspose(source, target), lambda image: 0x1000 if image is source else 0x2000)
    stored = TP_CONFIG.unpack(TP_CONFIG.pack(fields))
    x, y, z = stored["in_image_x_size"], stored["in_image_y_size"], stored["in_image_z_size"]
    assert x * y * z == int(np.prod(shape))
    assert stored["in_image_stride"] == x
    assert z == 1 or stored["in_image_slice"] == x * y
    assert (stored["in_window_x_end"], stored["in_window_y_end"]) == (x - 1, y - 1)
