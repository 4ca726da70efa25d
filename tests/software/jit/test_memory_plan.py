"""Buffers that live at the same time never overlap, others share memory."""

from itertools import combinations

import numpy as np

from npu_hal_software.jit.memory_plan import Lifetime, plan_memory
from npu_hal_software.jit.packing.memory import ALIGNMENT, SLACK


def test_buffers_that_meet_keep_apart() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        starts = random.integers(0, 20, 15)
        lives = [
            Lifetime(int(random.integers(0, 5000)), int(start), int(start + random.integers(0, 8))) for start in starts
        ]
        offsets, total = plan_memory(lives)
        placed = list(zip(lives, offsets, strict=True))
        assert all(offset % ALIGNMENT == 0 and offset + life.size + SLACK <= total for life, offset in placed)
        for (one, first), (other, second) in combinations(placed, 2):
            if one.first <= other.last and other.first <= one.last:
                assert first + one.size + SLACK <= second or second + other.size + SLACK <= first


def test_a_chain_needs_two_buffers() -> None:
    chain = [Lifetime(1000, number, number + 1) for number in range(50)]
    assert plan_memory(chain)[1] == plan_memory(chain[:2])[1]


def test_nothing_needs_nothing() -> None:
    assert plan_memory([]) == ([], 0)
