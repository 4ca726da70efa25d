"""Declares the suite's marker to every pytest, so that drivers' repositories may be strict about markers."""

from typing import Any

MARKER = "npu_capability"


def pytest_configure(config: Any) -> None:
    """Called by pytest, which finds this module by its entry point."""
    config.addinivalue_line("markers", f"{MARKER}(name): the capability that a conformance test belongs to")


# How the reason begins of a test that is skipped because the device refuses the operation.
REFUSED = "refused: "
