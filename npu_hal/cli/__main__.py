"""``python -m npu_hal.cli`` is `npu-hal`."""

from npu_hal.cli import main

main()
