"""TEFLON_DEBUG, the short cut for how much is logged.

Everything logs below the logger `npu_hal` of the standard library's logging. Programs that configure logging
themselves need nothing of this module.
"""

import logging
import os
import sys

VARIABLE = "TEFLON_DEBUG"
LEVELS = {
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "verbose": logging.DEBUG,
    "debug": logging.DEBUG,
}


def level_from_environment() -> int:
    """The level that TEFLON_DEBUG names; warnings where it is unset, everything where it names no level."""
    value = os.environ.get(VARIABLE, "").strip().lower()
    return LEVELS.get(value, logging.DEBUG) if value else logging.WARNING


def is_verbose() -> bool:
    """Whether TEFLON_DEBUG asks for everything."""
    return level_from_environment() <= logging.DEBUG


def log_to_stderr() -> None:
    """Print what npu-hal logs, from the level that TEFLON_DEBUG names; for programs, not for libraries."""
    logger = logging.getLogger("npu_hal")
    logger.setLevel(level_from_environment())
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("npu-hal: %(levelname)s: %(message)s"))
    logger.addHandler(handler)
