"""npu-hal: a Gallium-like hardware abstraction layer for neural processing units."""
