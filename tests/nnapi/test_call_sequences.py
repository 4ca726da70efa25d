"""Random sequences of calls of the C functions: every answer is a code that the specification has for it."""

import logging

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .c_library import Library
from .calls.machine import Calls


def run(nnapi: Library, caplog: pytest.LogCaptureFixture, examples: int) -> None:
    Calls.nnapi = nnapi
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    with caplog.at_level(logging.ERROR, "npu_hal.nnapi"):
        run_state_machine_as_test(
            Calls,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                suppress_health_check=checks,
            ),
        )
    unexpected = [record.getMessage() for record in caplog.records if record.name == "npu_hal.nnapi"]
    assert not unexpected, unexpected


def test_random_calls_get_specified_codes(nnapi: Library, caplog: pytest.LogCaptureFixture) -> None:
    run(nnapi, caplog, examples=60)


@pytest.mark.slow
def test_thousands_of_random_sequences_get_specified_codes(nnapi: Library, caplog: pytest.LogCaptureFixture) -> None:
    run(nnapi, caplog, examples=5000)
