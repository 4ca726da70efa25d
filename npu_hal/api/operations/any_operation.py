"""The union of all kinds, discriminated by `kind`. Importing this module makes the classes of all of them."""

from typing import Annotated

from pydantic import Field

from npu_hal.api import operations

AnyOperation = Annotated[
    operations.Conv2D
    | operations.DepthwiseConv2D
    | operations.FullyConnected
    | operations.TransposeConv
    | operations.Add
    | operations.Sub
    | operations.Mul
    | operations.Logistic
    | operations.Tanh
    | operations.Relu
    | operations.Relu6
    | operations.Softmax
    | operations.Quantize
    | operations.Dequantize
    | operations.Div
    | operations.FloorDiv
    | operations.SquaredDifference
    | operations.Minimum
    | operations.Maximum
    | operations.Abs
    | operations.Neg
    | operations.Exp
    | operations.Log
    | operations.Sqrt
    | operations.Rsqrt
    | operations.Floor
    | operations.ComplexAbs
    | operations.Cast
    | operations.HardSwish
    | operations.LeakyRelu
    | operations.ReluN1To1
    | operations.Elu
    | operations.Prelu
    | operations.AveragePool2D
    | operations.MaxPool2D
    | operations.Mean
    | operations.Sum
    | operations.ReduceMax
    | operations.ReduceMin
    | operations.ArgMax
    | operations.ArgMin
    | operations.Concatenation
    | operations.Split
    | operations.Pad
    | operations.Reshape
    | operations.Transpose
    | operations.ResizeBilinear
    | operations.ResizeNearestNeighbor
    | operations.Slice
    | operations.StridedSlice
    | operations.Gather
    | operations.GatherNd
    | operations.Pack
    | operations.Unpack
    | operations.SplitV
    | operations.Tile
    | operations.Squeeze
    | operations.ExpandDims
    | operations.ShapeOf
    | operations.DepthToSpace
    | operations.SpaceToDepth
    | operations.SpaceToBatchNd
    | operations.BatchToSpaceNd
    | operations.PadV2
    | operations.MirrorPad
    | operations.L2Normalization
    | operations.LocalResponseNormalization
    | operations.L2Pool2D
    | operations.LogSoftmax
    | operations.UnidirectionalSequenceLstm
    | operations.Rnn
    | operations.Svdf
    | operations.EmbeddingLookup
    | operations.HashtableLookup
    | operations.LshProjection
    | operations.Rfft2D
    | operations.DetectionPostProcess,
    Field(discriminator="kind"),
]
