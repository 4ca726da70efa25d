"""TEFLON_DEBUG, the short cut to what npu-hal logs.

Everything logs below the logger `npu_hal` of the standard library's logging, where programs that configure logging
find it. TEFLON_DEBUG is a list of flags with commas in between; its flag `verbose` shows all of it.
"""

import logging
import os
import sys
from copy import copy

DEBUG_VARIABLE = "TEFLON_DEBUG"
VERBOSE = "verbose"


def is_verbose() -> bool:
    """Whether TEFLON_DEBUG has the flag ``verbose``."""
    return VERBOSE in (flag.strip() for flag in os.environ.get(DEBUG_VARIABLE, "").split(","))


def log_to_stderr() -> None:
    """Print warnings, or everything if TEFLON_DEBUG says so; for programs, not for libraries."""
    logger = logging.getLogger("npu_hal")
    logger.setLevel(logging.DEBUG if is_verbose() else logging.WARNING)
    # Programs that are called several times in one process, as in tests, would otherwise print everything twice.
    logger.handlers.clear()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LowerCaseLevels("npu-hal: %(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False


class _LowerCaseLevels(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        formatted = copy(record)
        formatted.levelname = record.levelname.lower()
        return super().format(formatted)
