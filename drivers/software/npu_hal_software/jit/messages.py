"""Messages of this level, to the logger `npu_hal.software.jit`.

A process whose kernels are cached has nothing to say, and logging takes longer to import than they take to load: it is
imported with the first message.
"""

NAME = "npu_hal.software.jit"


def info(message: str, *arguments: object) -> None:
    """Tell of something that is as it should be."""
    import logging

    logging.getLogger(NAME).info(message, *arguments, stacklevel=2)


def warn(message: str, *arguments: object) -> None:
    """Tell of something that works, but not as it should."""
    import logging

    logging.getLogger(NAME).warning(message, *arguments, stacklevel=2)
