"""From NNAPI's operations to those of npu_hal graphs: one table, by kind, with how many arguments a kind may have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from npu_hal.api import (
    Abs,
    Add,
    ArgMax,
    ArgMin,
    AveragePool2D,
    Cast,
    DepthToSpace,
    Dequantize,
    Div,
    Exp,
    Floor,
    HardSwish,
    L2Pool2D,
    Log,
    Logistic,
    Maximum,
    MaxPool2D,
    Mean,
    Minimum,
    Mul,
    Neg,
    Quantize,
    ReduceMax,
    ReduceMin,
    Relu,
    Relu6,
    ReluN1To1,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Rsqrt,
    SpaceToDepth,
    Sqrt,
    Sub,
    Sum,
    Tanh,
)
from npu_hal_nnapi.codes import OperationCode
from npu_hal_nnapi.lowering import elementwise, movement, sequence, windows
from npu_hal_nnapi.lowering.context import GraphLowering, Operation, OperationContext

__all__ = ["LOWERINGS", "GraphLowering", "Lowering", "Operation", "OperationContext", "lower_operation", "lowering_of"]


@dataclass(frozen=True, slots=True)
class Lowering:
    """How a kind of operation is lowered, and how many arguments and outputs it may have."""

    lower: Callable[[OperationContext], None]
    inputs: range
    outputs: range = range(1, 2)

    def accepts(self, inputs: int, outputs: int) -> bool:
        """Whether an operation of this kind can have so many arguments and outputs."""
        return inputs in self.inputs and outputs in self.outputs


def _exactly(count: int) -> range:
    return range(count, count + 1)


def _between(low: int, high: int) -> range:
    return range(low, high + 1)


_MANY = range(1, 2**31)
_C = OperationCode

_UNARY: dict[OperationCode, elementwise.Unary] = {
    _C.ABS: Abs,
    _C.CAST: Cast,
    _C.DEQUANTIZE: Dequantize,
    _C.EXP: Exp,
    _C.FLOOR: Floor,
    _C.HARD_SWISH: HardSwish,
    _C.LOG: Log,
    _C.LOGISTIC: Logistic,
    _C.NEG: Neg,
    _C.QUANTIZE: Quantize,
    _C.RELU: Relu,
    _C.RELU1: ReluN1To1,
    _C.RELU6: Relu6,
    _C.RSQRT: Rsqrt,
    _C.SQRT: Sqrt,
    _C.TANH: Tanh,
}

_ARITHMETIC: dict[OperationCode, elementwise.Arithmetic] = {_C.ADD: Add, _C.DIV: Div, _C.MUL: Mul, _C.SUB: Sub}

_POOLS: dict[OperationCode, windows.Pool] = {
    _C.AVERAGE_POOL_2D: AveragePool2D,
    _C.L2_POOL_2D: L2Pool2D,
    _C.MAX_POOL_2D: MaxPool2D,
}

_REDUCTIONS: dict[OperationCode, elementwise.Reduction] = {
    _C.MEAN: Mean,
    _C.REDUCE_MAX: ReduceMax,
    _C.REDUCE_MIN: ReduceMin,
    _C.REDUCE_SUM: Sum,
}

LOWERINGS: Mapping[OperationCode, Lowering] = MappingProxyType(
    {
        **{code: Lowering(partial(elementwise.lower_unary, kind=kind), _exactly(1)) for code, kind in _UNARY.items()},
        **{
            code: Lowering(partial(elementwise.lower_arithmetic, kind=kind), _exactly(3))
            for code, kind in _ARITHMETIC.items()
        },
        **{code: Lowering(partial(windows.lower_pool, kind=kind), _between(7, 11)) for code, kind in _POOLS.items()},
        **{
            code: Lowering(partial(elementwise.lower_reduction, kind=kind), _exactly(3))
            for code, kind in _REDUCTIONS.items()
        },
        _C.ARGMAX: Lowering(partial(elementwise.lower_arg_extremum, kind=ArgMax), _exactly(2)),
        _C.ARGMIN: Lowering(partial(elementwise.lower_arg_extremum, kind=ArgMin), _exactly(2)),
        _C.BATCH_TO_SPACE_ND: Lowering(movement.lower_batch_to_space, _between(2, 3)),
        _C.CONCATENATION: Lowering(movement.lower_concatenation, range(2, 2**31)),
        _C.CONV_2D: Lowering(windows.lower_conv_2d, _between(7, 13)),
        _C.DEPTHWISE_CONV_2D: Lowering(windows.lower_depthwise_conv_2d, _between(8, 14)),
        _C.DEPTH_TO_SPACE: Lowering(partial(movement.lower_blocks, kind=DepthToSpace), _between(2, 3)),
        _C.ELU: Lowering(elementwise.lower_elu, _exactly(2)),
        _C.EMBEDDING_LOOKUP: Lowering(sequence.lower_embedding_lookup, _exactly(2)),
        _C.EXPAND_DIMS: Lowering(movement.lower_expand_dims, _exactly(2)),
        _C.FULLY_CONNECTED: Lowering(elementwise.lower_fully_connected, _exactly(4)),
        _C.GATHER: Lowering(movement.lower_gather, _exactly(3)),
        _C.GROUPED_CONV_2D: Lowering(windows.lower_grouped_conv_2d, range(9, 13, 3)),
        _C.HASHTABLE_LOOKUP: Lowering(sequence.lower_hashtable_lookup, _exactly(3), _exactly(2)),
        _C.L2_NORMALIZATION: Lowering(elementwise.lower_l2_normalization, _between(1, 2)),
        _C.LOCAL_RESPONSE_NORMALIZATION: Lowering(elementwise.lower_local_response_normalization, _between(5, 6)),
        _C.LOG_SOFTMAX: Lowering(elementwise.lower_log_softmax, _exactly(3)),
        _C.LSH_PROJECTION: Lowering(sequence.lower_lsh_projection, _exactly(4)),
        _C.LSTM: Lowering(sequence.lower_lstm, range(23, 28, 4), _exactly(4)),
        _C.MAXIMUM: Lowering(partial(elementwise.lower_extremum, kind=Maximum), _exactly(2)),
        _C.MINIMUM: Lowering(partial(elementwise.lower_extremum, kind=Minimum), _exactly(2)),
        _C.MIRROR_PAD: Lowering(movement.lower_mirror_pad, _exactly(3)),
        _C.PAD: Lowering(movement.lower_pad, _exactly(2)),
        _C.PAD_V2: Lowering(movement.lower_pad_v2, _exactly(3)),
        _C.PRELU: Lowering(elementwise.lower_prelu, _exactly(2)),
        _C.RESHAPE: Lowering(movement.lower_reshape, _exactly(2)),
        _C.RESIZE_BILINEAR: Lowering(partial(movement.lower_resize, kind=ResizeBilinear), _between(3, 6)),
        _C.RESIZE_NEAREST_NEIGHBOR: Lowering(
            partial(movement.lower_resize, kind=ResizeNearestNeighbor), _between(3, 6)
        ),
        _C.RNN: Lowering(sequence.lower_rnn, _exactly(6), _exactly(2)),
        _C.SLICE: Lowering(movement.lower_slice, _exactly(3)),
        _C.SOFTMAX: Lowering(elementwise.lower_softmax, _between(2, 3)),
        _C.SPACE_TO_BATCH_ND: Lowering(movement.lower_space_to_batch, _between(3, 4)),
        _C.SPACE_TO_DEPTH: Lowering(partial(movement.lower_blocks, kind=SpaceToDepth), _between(2, 3)),
        _C.SPLIT: Lowering(movement.lower_split, _exactly(3), _MANY),
        _C.SQUEEZE: Lowering(movement.lower_squeeze, _between(1, 2)),
        _C.STRIDED_SLICE: Lowering(movement.lower_strided_slice, _exactly(7)),
        _C.SVDF: Lowering(sequence.lower_svdf, _exactly(7), _exactly(2)),
        _C.TILE: Lowering(movement.lower_tile, _exactly(2)),
        _C.TRANSPOSE: Lowering(movement.lower_transpose, _between(1, 2)),
        _C.TRANSPOSE_CONV: Lowering(windows.lower_transpose_conv_2d, range(9, 12, 2)),
    }
)

# Kinds of the specification that graphs cannot express: a model may hold them, but no device supports them.
_UNKNOWN = Lowering(movement.refuse, range(2**31), _MANY)


def lowering_of(code: OperationCode) -> Lowering:
    """How operations of a kind are lowered."""
    return LOWERINGS.get(code, _UNKNOWN)


def lower_operation(graph: GraphLowering, operation: Operation) -> None:
    """Add an operation to the graph; its operands were added before, or are constants.

    Raises `UnsupportedOperation`, `InvalidGraph`, or `NnapiError` BAD_DATA for what the specification does not allow.
    """
    lowering_of(operation.code).lower(OperationContext(graph, operation))
    for index in operation.outputs:
        graph.check_declared(index)
