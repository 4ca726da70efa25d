"""The software driver: every operation of npu_hal.api on the CPU."""
