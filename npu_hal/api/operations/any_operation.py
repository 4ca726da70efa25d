"""The union of all kinds, discriminated by `kind`. Importing this module makes the classes of all of them."""

from typing import Annotated

from pydantic import Field

from npu_hal.api.operations.activation import Elu, HardSwish, LeakyRelu, Prelu, ReluN1To1
from npu_hal.api.operations.convolution import Conv2D, DepthwiseConv2D, FullyConnected
from npu_hal.api.operations.detection import DetectionPostProcess
from npu_hal.api.operations.elementwise import Add, Dequantize, Logistic, Mul, Quantize, Relu, Relu6, Sub, Tanh
from npu_hal.api.operations.elementwise_math import (
    Abs,
    Cast,
    ComplexAbs,
    Div,
    Exp,
    Floor,
    FloorDiv,
    Log,
    Maximum,
    Minimum,
    Neg,
    Rsqrt,
    Sqrt,
    SquaredDifference,
)
from npu_hal.api.operations.layout import Concatenation, Pad, Split, Transpose
from npu_hal.api.operations.lookup import EmbeddingLookup, HashtableLookup, LshProjection
from npu_hal.api.operations.normalization import L2Normalization, LocalResponseNormalization
from npu_hal.api.operations.pooling import AveragePool2D, L2Pool2D, MaxPool2D
from npu_hal.api.operations.recurrent import Rnn, Svdf, UnidirectionalSequenceLstm
from npu_hal.api.operations.reduction import ArgMax, ArgMin, Mean, ReduceMax, ReduceMin, Sum
from npu_hal.api.operations.reshape import Reshape
from npu_hal.api.operations.resize import ResizeBilinear, ResizeNearestNeighbor
from npu_hal.api.operations.signal import Rfft2D
from npu_hal.api.operations.slicing import (
    BatchToSpaceNd,
    DepthToSpace,
    ExpandDims,
    Gather,
    GatherNd,
    MirrorPad,
    Pack,
    PadV2,
    ShapeOf,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    SplitV,
    Squeeze,
    StridedSlice,
    Tile,
    Unpack,
)
from npu_hal.api.operations.softmax import LogSoftmax, Softmax
from npu_hal.api.operations.transpose_convolution import TransposeConv

AnyOperation = Annotated[
    Conv2D
    | DepthwiseConv2D
    | FullyConnected
    | TransposeConv
    | Add
    | Sub
    | Mul
    | Logistic
    | Tanh
    | Relu
    | Relu6
    | Softmax
    | Quantize
    | Dequantize
    | Div
    | FloorDiv
    | SquaredDifference
    | Minimum
    | Maximum
    | Abs
    | Neg
    | Exp
    | Log
    | Sqrt
    | Rsqrt
    | Floor
    | ComplexAbs
    | Cast
    | HardSwish
    | LeakyRelu
    | ReluN1To1
    | Elu
    | Prelu
    | AveragePool2D
    | MaxPool2D
    | Mean
    | Sum
    | ReduceMax
    | ReduceMin
    | ArgMax
    | ArgMin
    | Concatenation
    | Split
    | Pad
    | Reshape
    | Transpose
    | ResizeBilinear
    | ResizeNearestNeighbor
    | Slice
    | StridedSlice
    | Gather
    | GatherNd
    | Pack
    | Unpack
    | SplitV
    | Tile
    | Squeeze
    | ExpandDims
    | ShapeOf
    | DepthToSpace
    | SpaceToDepth
    | SpaceToBatchNd
    | BatchToSpaceNd
    | PadV2
    | MirrorPad
    | L2Normalization
    | LocalResponseNormalization
    | L2Pool2D
    | LogSoftmax
    | UnidirectionalSequenceLstm
    | Rnn
    | Svdf
    | EmbeddingLookup
    | HashtableLookup
    | LshProjection
    | Rfft2D
    | DetectionPostProcess,
    Field(discriminator="kind"),
]
