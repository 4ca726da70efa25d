"""The command `npu-hal`.

Each command is a module of this package, or comes from another distribution through the entry-point group
`npu_hal.cli` (see `npu_hal.cli.commands`).
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed with one sentence on stderr, 2 wrong usage, 130 interrupted."""
    try:
        # Ctrl-C while these load is to end as quietly as later.
        from npu_hal.cli.failures import run_to_exit_code

        code = run_to_exit_code(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
