"""Single operations of random shapes and parameters: identical to the reference level, on every tier."""

import numpy as np
import pytest

from tests.software.checks import run_reference
from tests.software.jit.random_cases import KINDS, random_case
from tests.software.jit.running import USABLE_TIERS, run_jit

CASES_PER_TEST = 40
CASES_IN_ALL = 10_000


def check(seed: int, kind: str, tier: str, threads: str = "1") -> None:
    case = random_case(np.random.default_rng(seed), kind)
    expected = run_reference(case.graph, case.inputs)
    results = run_jit(case.graph, case.inputs, tier=tier, threads=threads)
    for result, other in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, other, err_msg=f"seed {seed}: {case.description}")


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("kind", KINDS)
def test_identical_to_the_reference_level(kind: str, tier: str) -> None:
    for seed in range(CASES_PER_TEST):
        check(seed, kind, tier)


@pytest.mark.parametrize("kind", KINDS)
def test_two_threads_compute_the_same(kind: str) -> None:
    for seed in range(1000, 1010):
        check(seed, kind, "auto", threads="2")


@pytest.mark.slow
def test_ten_thousand_random_operations() -> None:
    kinds = list(KINDS)
    for seed in range(CASES_IN_ALL):
        check(2000 + seed, kinds[seed % len(kinds)], "auto")
