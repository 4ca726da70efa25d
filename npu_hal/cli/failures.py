"""One clear sentence for every failure."""

import logging

import typer
import typer.main

from npu_hal.api import NpuHalError
from npu_hal.cli.app import app
from npu_hal.cli.exit_codes import DONE, FAILED
from npu_hal.debug import DEBUG_VARIABLE, VERBOSE, log_to_stderr

_log = logging.getLogger(__name__)


def run_to_exit_code(arguments: list[str]) -> int:
    """Run the program with these arguments; its exit code."""
    log_to_stderr()
    try:
        typer.main.get_command(app).main(arguments, prog_name="npu-hal")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except NpuHalError as error:
        _log.debug("the error came from here", exc_info=True)
        return _fail(str(error))
    except MemoryError:
        return _fail("there is not enough memory for this")
    # The last resort: users get a sentence, and the traceback where they ask for it.
    except Exception as error:
        _log.debug("the error came from here", exc_info=True)
        return _fail(
            f"npu-hal failed in a way that it should not: {type(error).__name__}: {error} "
            f"({DEBUG_VARIABLE}={VERBOSE} shows where)"
        )
    return DONE


def _fail(sentence: str) -> int:
    typer.echo(f"npu-hal: error: {sentence}", err=True)
    return FAILED
