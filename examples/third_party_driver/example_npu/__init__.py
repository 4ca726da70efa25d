"""An example driver for npu-hal."""
