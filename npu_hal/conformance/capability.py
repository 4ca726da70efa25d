"""What the conformance tests are grouped by."""

from enum import StrEnum


class Capability(StrEnum):
    """A group of tests: operations that belong together, or a part of the interface's contract."""

    CONVOLUTION = "convolution"
    DEPTHWISE_CONVOLUTION = "depthwise-convolution"
    FULLY_CONNECTED = "fully-connected"
    ARITHMETIC = "arithmetic"
    ACTIVATION = "activation"
    POOLING = "pooling"
    REDUCTION = "reduction"
    LAYOUT = "layout"
    RESIZE = "resize"
    QUANTIZATION = "quantization"
    GRAPHS = "graphs"
    LIFE_CYCLE = "life-cycle"
    ERRORS = "errors"
    THREADS = "threads"
    RESOURCES = "resources"
