"""The conformance kit on an emulated NPU of each generation."""

import json

import pytest

from tests.conformance.installed import npu_hal
from tests.etnaviv.golden_weights import CHIPS


@pytest.mark.parametrize("chip", CHIPS)
def test_the_driver_conforms(chip: str) -> None:
    done = npu_hal("conformance", "etnaviv", "--device", f"emulator:{chip}", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["conforms"]
    assert report["capabilities"]["convolution"]["passed"] > 10
