"""The NNAPI frontend: the Neural Networks API, shaped in Python and exported in C, over npu_hal."""
