"""The whole suite as one module, for pytest to collect."""

from npu_hal.conformance.suite import *  # noqa: F403
