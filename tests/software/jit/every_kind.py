"""One graph with an operation of every kind, in every element type that it takes among float32, uint8 and int8."""

from typing import Any

import numpy as np

from npu_hal import api
from npu_hal.api import AnyOperation, Array, DType, Graph, GraphBuilder, InvalidGraph, Padding, Quantization
from npu_hal_software.reference.definitions import DEFINITIONS
from npu_hal_software.reference.support import refusal

SHAPE = (1, 4, 4, 8)
SIZE = 128
DTYPES = (DType.FLOAT32, DType.UINT8, DType.INT8)

# Kinds with the operands `input` and `output`, and their attributes.
_WINDOW = {"filter_height": 2, "filter_width": 2, "padding": Padding.SAME}
_PADDINGS = ((0, 0), (1, 1), (0, 2), (0, 0))
UNARY: dict[Any, dict[str, Any]] = {
    api.Abs: {},
    api.ArgMax: {"axis": 3},
    api.ArgMin: {"axis": 1},
    api.AveragePool2D: _WINDOW,
    api.BatchToSpaceNd: {"block_shape": (1, 1), "crops": ((0, 1), (1, 0))},
    api.Cast: {},
    api.DepthToSpace: {"block_size": 2},
    api.Dequantize: {},
    api.Elu: {},
    api.Exp: {},
    api.ExpandDims: {"axis": 1},
    api.Floor: {},
    api.HardSwish: {},
    api.L2Normalization: {"axis": 3},
    api.L2Pool2D: _WINDOW,
    api.LeakyRelu: {"alpha": 0.1},
    api.LocalResponseNormalization: {"radius": 2, "bias": 1.0, "alpha": 0.5, "beta": 0.5},
    api.Log: {},
    api.Logistic: {},
    api.LogSoftmax: {},
    api.MaxPool2D: _WINDOW,
    api.Mean: {"axes": (1, 2)},
    api.MirrorPad: {"paddings": _PADDINGS, "symmetric": True},
    api.Neg: {},
    api.Pad: {"paddings": _PADDINGS},
    api.Quantize: {},
    api.ReduceMax: {"axes": (1,)},
    api.ReduceMin: {"axes": (2,)},
    api.Relu: {},
    api.Relu6: {},
    api.ReluN1To1: {},
    api.Reshape: {"shape": (4, 32)},
    api.ResizeBilinear: {"height": 7, "width": 5},
    api.ResizeNearestNeighbor: {"height": 7, "width": 5},
    api.Rfft2D: {"fft_height": 4, "fft_width": 8},
    api.Rsqrt: {},
    api.ShapeOf: {},
    api.Slice: {"begin": (0, 1, 0, 2), "sizes": (1, 2, 4, 3)},
    api.Softmax: {},
    api.SpaceToBatchNd: {"block_shape": (2, 2), "paddings": ((0, 0), (0, 0))},
    api.SpaceToDepth: {"block_size": 2},
    api.Sqrt: {},
    api.Squeeze: {"axes": (0,)},
    api.StridedSlice: {"begin": (0, 3, 0, 0), "strides": (1, -1, 2, 3), "sizes": (1, 3, 2, 3), "shape": (3, 2, 3)},
    api.Sum: {"axes": (1, 2)},
    api.Tanh: {},
    api.Tile: {"multiples": (2, 1, 1, 2)},
    api.Transpose: {"permutation": (0, 3, 1, 2)},
}
# Kinds with the operands `lhs`, `rhs` and `output`.
BINARY: tuple[Any, ...] = (
    api.Add,
    api.Div,
    api.FloorDiv,
    api.Maximum,
    api.Minimum,
    api.Mul,
    api.SquaredDifference,
    api.Sub,
)
# What outputs are where they are not like the inputs.
_OUTPUT_DTYPES: dict[Any, DType] = {
    api.ArgMax: DType.INT64,
    api.ArgMin: DType.INT32,
    api.Cast: DType.INT16,
    api.Dequantize: DType.FLOAT32,
    api.Rfft2D: DType.COMPLEX64,
    api.ShapeOf: DType.INT32,
}


def default_quantization(dtype: DType) -> Quantization | None:
    """Nothing stored is negative: roots of all values are defined."""
    return Quantization.per_tensor(0.05, dtype.integer_range[0]) if dtype.is_quantised8 else None


def _output_quantization(kind: Any, dtype: DType) -> Quantization | None:
    if not dtype.is_quantised8:
        return None
    low, high = dtype.integer_range
    if kind in (api.Softmax, api.Logistic):
        return Quantization.per_tensor(1 / 256, low)
    if kind is api.Tanh:
        return Quantization.per_tensor(1 / 128, (low + high + 1) // 2)
    if kind is api.LogSoftmax:
        return Quantization.per_tensor(16 / 256, high)
    return default_quantization(dtype)


class EveryKind:
    """Builds the graph; what the reference level refuses is left out."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(5)
        self.builder = GraphBuilder("every kind")
        self.inputs: list[Array] = []
        self.outputs: list[int] = []
        self.kinds: set[str] = set()

    def input(self, data: Array, quantization: Quantization | None = None) -> int:
        """A graph input with these values."""
        self.inputs.append(data)
        return self.builder.input(f"input{len(self.inputs)}", data.shape, DType(data.dtype.name), quantization)

    def values(self, shape: tuple[int, ...], dtype: DType = DType.FLOAT32) -> Array:
        """Random values; floats are positive, so that all functions are defined."""
        if dtype is DType.FLOAT32:
            return (0.1 + self.random.random(shape)).astype(np.float32)
        low, high = dtype.integer_range
        return self.random.integers(low + 1, high, shape, dtype.value)

    def data(self, dtype: DType, shape: tuple[int, ...] = SHAPE) -> int:
        """A graph input of random values."""
        return self.input(self.values(shape, dtype), default_quantization(dtype))

    def floats(self, *shape: int) -> int:
        """A float32 graph input."""
        return self.input(self.values(shape))

    def output(self, dtype: DType, quantization: Quantization | None = None) -> int:
        """A tensor to be computed, which the graph gives out."""
        index = self.builder.tensor(f"output{len(self.outputs)}", dtype, quantization)
        self.outputs.append(index)
        return index

    def like(self, dtype: DType) -> int:
        """An output quantised as the inputs are."""
        return self.output(dtype, default_quantization(dtype))

    def append(self, operation: AnyOperation) -> None:
        """Add an operation that must be defined."""
        self.builder.append(operation)
        self.kinds.add(operation.kind)

    def result(self) -> tuple[Graph, tuple[Array, ...]]:
        """The graph, and values for its inputs."""
        return self.builder.build(self.outputs), tuple(self.inputs)


def is_defined(kind: Any, dtype: DType, attributes: dict[str, Any]) -> bool:
    """Whether the interface and the reference level take the kind with these types."""
    builder = EveryKind()
    try:
        add_unary(builder, kind, dtype, attributes)
        graph, _ = builder.result()
    except InvalidGraph:
        return False
    return refusal(graph.operations[0], graph.tensors) == ""


def add_unary(graph: EveryKind, kind: Any, dtype: DType, attributes: dict[str, Any]) -> None:
    """An operation of one of the kinds with two or three operands."""
    result = DType.INT8 if kind is api.Quantize else _OUTPUT_DTYPES.get(kind, dtype)
    output = graph.output(result, _output_quantization(kind, result))
    names = ("lhs", "rhs") if kind in BINARY else ("input",)
    graph.append(kind(**{name: graph.data(dtype) for name in names}, output=output, **attributes))


def every_kind() -> tuple[Graph, tuple[Array, ...], set[str]]:
    """The graph, values for its inputs, and the kinds that are in it."""
    graph = EveryKind()
    for kind, attributes in (UNARY | {kind: {} for kind in BINARY}).items():
        for dtype in DTYPES:
            if is_defined(kind, dtype, attributes):
                add_unary(graph, kind, dtype, attributes)
    for dtype in DTYPES:
        _add_movements(graph, dtype)
        _add_lookups(graph, dtype)
        _add_weighted_sums(graph, dtype)
    _add_float_layers(graph)
    missing = set(DEFINITIONS) - graph.kinds
    return *graph.result(), missing


def _add_movements(graph: EveryKind, dtype: DType) -> None:
    pair = (graph.data(dtype), graph.data(dtype))
    graph.append(api.Concatenation(concatenated=pair, output=graph.like(dtype), axis=2))
    graph.append(api.Pack(packed=pair, output=graph.like(dtype), axis=1))
    parts = [tuple(graph.like(dtype) for _ in range(4)) for _ in range(2)]
    graph.append(api.Split(input=pair[0], parts=parts[0], axis=2))
    graph.append(api.Unpack(input=pair[0], slices=parts[1], axis=1))
    graph.append(api.SplitV(input=pair[1], parts=(graph.like(dtype), graph.like(dtype)), sizes=(3, 5), axis=3))
    fill = graph.input(np.asarray(graph.values((1,), dtype)).reshape(()), default_quantization(dtype))
    graph.append(api.PadV2(input=pair[0], output=graph.like(dtype), value=fill, paddings=_PADDINGS))
    slopes = graph.data(dtype, (1, 1, 8))
    graph.append(api.Prelu(input=pair[0], alpha=slopes, output=graph.like(dtype)))


def _add_lookups(graph: EveryKind, dtype: DType) -> None:
    indices = graph.input(np.array([3, 0, 2], np.int32))
    table = graph.data(dtype, (4, 8))
    graph.append(api.Gather(input=table, indices=indices, output=graph.like(dtype)))
    pairs = graph.input(np.array([[3, 0], [1, 7]], np.int32))
    graph.append(api.GatherNd(input=table, indices=pairs, output=graph.like(dtype)))
    graph.append(api.EmbeddingLookup(lookups=indices, values=table, output=graph.like(dtype)))
    keys = graph.input(np.array([0, 2, 5, 9], np.int32))
    hits = graph.output(DType.UINT8)
    graph.append(api.HashtableLookup(lookups=indices, keys=keys, values=table, output=graph.like(dtype), hits=hits))


def _add_weighted_sums(graph: EveryKind, dtype: DType) -> None:
    is_float = dtype is DType.FLOAT32
    middle = None if is_float else Quantization.per_tensor(0.01, 0 if dtype is DType.INT8 else 128)
    bias = None if is_float else Quantization.per_tensor(0.05 * 0.01)
    numbers = np.zeros(4, np.float32 if is_float else np.int32)
    image = graph.data(dtype)
    # Weights that are computed elsewhere cannot be packed beforehand.
    for weights in (graph.builder.constant, lambda _, data, q: graph.input(data, q)):
        filters = weights("filter", graph.values((4, 3, 3, 8), dtype), middle)
        biases = weights("bias", numbers, bias)
        graph.append(
            api.Conv2D(input=image, filter=filters, bias=biases, output=graph.like(dtype), padding=Padding.SAME)
        )
        graph.append(
            api.TransposeConv(
                input=image, filter=filters, bias=biases, output=graph.like(dtype), height=8, width=8,
                stride_height=2, stride_width=2, padding=Padding.SAME,
            )
        )  # fmt: skip
        depthwise = weights("depthwise", graph.values((1, 3, 3, 8), dtype), middle)
        graph.append(
            api.DepthwiseConv2D(
                input=image, filter=depthwise, output=graph.like(dtype), padding=Padding.SAME, depth_multiplier=1
            )
        )
        matrix = weights("matrix", graph.values((4, SIZE), dtype), middle)
        graph.append(api.FullyConnected(input=image, weights=matrix, bias=biases, output=graph.like(dtype)))


def _add_float_layers(graph: EveryKind) -> None:
    real = DType.FLOAT32
    batch, depth, units = 2, 5, 3
    x, state = graph.floats(batch, depth), graph.floats(batch, units)
    graph.append(
        api.Rnn(
            input=x, weights=graph.floats(units, depth), recurrent_weights=graph.floats(units, units),
            bias=graph.floats(units), hidden_state=state, new_hidden_state=graph.output(real),
            output=graph.output(real),
        )
    )  # fmt: skip
    graph.append(
        api.Svdf(
            input=x, feature_weights=graph.floats(units, depth), time_weights=graph.floats(units, 4),
            state=graph.floats(batch, 4 * units), new_state=graph.output(real), output=graph.output(real), rank=1,
        )
    )  # fmt: skip
    gates = ("input", "forget", "cell", "output")
    weights = {f"input_to_{gate}_weights": graph.floats(units, depth) for gate in gates}
    weights |= {f"recurrent_to_{gate}_weights": graph.floats(units, units) for gate in gates}
    weights |= {f"{gate}_gate_bias": graph.floats(units) for gate in gates}
    graph.append(
        api.UnidirectionalSequenceLstm(
            input=graph.floats(batch, 6, depth), **weights, output_state=state, cell_state=graph.floats(batch, units),
            output=graph.output(real), new_output_state=graph.output(real), new_cell_state=graph.output(real),
        )
    )  # fmt: skip
    anchors = 6
    graph.append(
        api.DetectionPostProcess(
            box_encodings=graph.floats(1, anchors, 4), class_predictions=graph.floats(1, anchors, 3),
            anchors=graph.floats(anchors, 4), boxes=graph.output(real), classes=graph.output(real),
            scores=graph.output(real), count=graph.output(real), max_detections=4, max_classes_per_detection=1,
            score_threshold=0.2, iou_threshold=0.5, num_classes=2, y_scale=10.0, x_scale=10.0, h_scale=5.0,
            w_scale=5.0,
        )
    )  # fmt: skip
    graph.append(api.LshProjection(hash=graph.floats(3, 4), input=x, output=graph.output(DType.INT32), mode="DENSE"))
    complexes = graph.input(graph.values((3, 4)).astype(np.complex64))
    graph.append(api.ComplexAbs(input=complexes, output=graph.output(real)))
