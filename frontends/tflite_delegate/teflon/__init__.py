"""The TFLite frontend: an external delegate over npu_hal."""
