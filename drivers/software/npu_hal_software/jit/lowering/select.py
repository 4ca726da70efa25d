"""Which lowering takes an operation, and which forms are left to the reference level."""

from collections.abc import Sequence

from npu_hal.api import (
    Abs,
    Activation,
    Add,
    AnyOperation,
    ArgMax,
    ArgMin,
    AveragePool2D,
    Cast,
    Concatenation,
    Conv2D,
    DepthToSpace,
    DepthwiseConv2D,
    Dequantize,
    Div,
    DType,
    Elu,
    EmbeddingLookup,
    Exp,
    ExpandDims,
    FloorDiv,
    FullyConnected,
    Gather,
    GatherNd,
    HardSwish,
    LeakyRelu,
    Log,
    Logistic,
    Maximum,
    MaxPool2D,
    Mean,
    Minimum,
    Mul,
    Pack,
    Pad,
    Quantize,
    Relu,
    Relu6,
    ReluN1To1,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Slice,
    Softmax,
    SpaceToDepth,
    Split,
    SplitV,
    Sqrt,
    Squeeze,
    StridedSlice,
    Sub,
    Tanh,
    Tensor,
    Tile,
    Transpose,
    UnidirectionalSequenceLstm,
    Unpack,
)
from npu_hal_software.jit.lowering.arg_extremum import fits_arg_extremum, lower_arg_extremum
from npu_hal_software.jit.lowering.arithmetic import MAX_BROADCAST_AXES, lower_arithmetic
from npu_hal_software.jit.lowering.conversion import lower_byte_cast, lower_conversion
from npu_hal_software.jit.lowering.convolution import lower_convolution, lower_fully_connected
from npu_hal_software.jit.lowering.depthwise_convolution import lower_depthwise_convolution
from npu_hal_software.jit.lowering.extremum import fits_extremum, lower_extremum
from npu_hal_software.jit.lowering.fallback import lower_by_reference
from npu_hal_software.jit.lowering.movement import (
    fits_copy,
    lower_concatenation,
    lower_pad,
    lower_reshape,
    lower_split,
    split_columns,
)
from npu_hal_software.jit.lowering.numbers import fits_numbers, lower_numbers
from npu_hal_software.jit.lowering.pooling import fits_mean, lower_mean, lower_pool
from npu_hal_software.jit.lowering.rearrangement import copy_layout, lower_pack, lower_rearrangement
from npu_hal_software.jit.lowering.resize import lower_resize_bilinear, lower_resize_nearest_neighbor
from npu_hal_software.jit.lowering.slices import fits_look_up_slices, lower_look_up_slices
from npu_hal_software.jit.lowering.softmax import lower_softmax
from npu_hal_software.jit.lowering.tables import lower_table
from npu_hal_software.jit.lowering.transpose import fits_transpose, lower_transpose
from npu_hal_software.jit.lowering.weights import fits_int8
from npu_hal_software.jit.program import Program, contiguous_steps

# Sums of bytes beyond 2**24 are not exact in the float quotient of the pooling kernel.
_LARGEST_WINDOW = (1 << 16) - 1


def lower_operation(program: Program, operation: AnyOperation, label: str) -> None:
    """Append the records of one operation."""
    program.label = label
    tensors = program.graph.tensors
    operands = [tensors[index] for index in (*operation.inputs, *operation.outputs)]
    if any(tensor.size == 0 for tensor in operands) or not _lower_natively(program, operation, operands):
        lower_by_reference(program, operation)


def _lower_natively(program: Program, operation: AnyOperation, operands: Sequence[Tensor]) -> bool:
    """Append records if there is a kernel for the operation's form."""
    tensors = program.graph.tensors
    match operation:
        case Reshape() | ExpandDims() | Squeeze():
            lower_reshape(program, operation)
            return True
        case Split():
            lower_split(program, operation)
            return True
        case SplitV():
            split_columns(program, operation.input, operation.parts, operation.axis, operation.sizes)
            return True
        case Unpack():
            split_columns(program, operation.input, operation.slices, operation.axis, [1] * len(operation.slices))
            return True
        case Pack():
            lower_pack(program, operation)
            return True
        case Slice() | StridedSlice() | DepthToSpace() | SpaceToDepth() | Tile():
            layout = copy_layout(operation, operands[0], operands[-1])
            if not layout.fits:
                return False
            lower_rearrangement(program, operation, layout)
            return True
        case Pad() if _copies_input(operation, tensors):
            lower_pad(program, operation)
            return True
        case Transpose() if fits_transpose(operands[0].shape, operation.permutation, operands[0].dtype.itemsize):
            lower_transpose(program, operation)
            return True
        case ResizeNearestNeighbor():
            lower_resize_nearest_neighbor(program, operation)
            return True
        case Concatenation() if operation.activation is Activation.NONE or operands[0].dtype.is_quantised8:
            lower_concatenation(program, operation)
            return True
        case Quantize() | Dequantize() if _converts_floats(operands):
            lower_conversion(program, operation)
            return True
        case ArgMax() | ArgMin() if fits_arg_extremum(operation, operands[0]):
            lower_arg_extremum(program, operation)
            return True
        case Add() | Sub() | Mul() | Div() | FloorDiv() | Sqrt() | Cast() if fits_numbers(operation, tensors):
            lower_numbers(program, operation)
            return True
        case Cast() if operands[0].dtype.is_quantised8 and operands[1].dtype is DType.FLOAT32:
            lower_byte_cast(program, operation)
            return True
        case Gather() | GatherNd() | EmbeddingLookup() if fits_look_up_slices(operation, tensors):
            lower_look_up_slices(program, operation)
            return True
        case UnidirectionalSequenceLstm():
            # Its tables come from the reference level, which most models do without.
            from npu_hal_software.jit.lowering.lstm import fits_lstm, lower_lstm

            if not fits_lstm(operation, tensors):
                return False
            lower_lstm(program, operation)
            return True
    if not (operands[0].dtype.is_quantised8 and operands[-1].dtype.is_quantised8):
        return False
    match operation:
        case Conv2D() if operation.groups(tensors) == 1 and _constant_weights(operation, tensors):
            lower_convolution(program, operation)
        case DepthwiseConv2D() if _constant_weights(operation, tensors):
            lower_depthwise_convolution(program, operation)
        case FullyConnected() if _constant_weights(operation, tensors):
            lower_fully_connected(program, operation)
        case Add() | Sub() | Mul() if len(operands[-1].shape) <= MAX_BROADCAST_AXES:
            lower_arithmetic(program, operation)
        case Minimum() | Maximum() if fits_extremum(operation, tensors):
            lower_extremum(program, operation)
        case AveragePool2D() | MaxPool2D() if operation.filter_height * operation.filter_width <= _LARGEST_WINDOW:
            lower_pool(program, operation)
        case Mean() if fits_mean(operation, operands[0]):
            lower_mean(program, operation)
        case ResizeBilinear():
            lower_resize_bilinear(program, operation)
        case Softmax():
            lower_softmax(program, operation)
        case Relu() | Relu6() | ReluN1To1() | LeakyRelu() | HardSwish() | Elu() | Logistic() | Tanh() | Quantize():
            lower_table(program, operation)
        case Abs() | Exp() | Log():
            lower_table(program, operation)
        case _:
            return False
    return True


def _converts_floats(operands: Sequence[Tensor]) -> bool:
    """Whether one side is float32, and the other bytes with one scale."""
    floats = [tensor for tensor in operands if tensor.dtype is DType.FLOAT32]
    stored = [tensor for tensor in operands if tensor.dtype.is_quantised8 and not tensor.affine().is_per_axis]
    return len(floats) == len(stored) == 1


def _constant_weights(operation: Conv2D | DepthwiseConv2D | FullyConnected, tensors: Sequence[Tensor]) -> bool:
    """Whether weights and bias can be packed when the subgraph is created."""
    weights = tensors[operation.inputs[1]]
    bias = operation.bias
    is_constant = weights.is_constant and (bias is None or tensors[bias].is_constant)
    return is_constant and (isinstance(operation, DepthwiseConv2D) or fits_int8(weights))


def _copies_input(operation: Pad, tensors: Sequence[Tensor]) -> bool:
    input_, output = tensors[operation.input], tensors[operation.output]
    size = output.dtype.itemsize
    per_tensor = output.quantization is None or not output.quantization.is_per_axis
    steps = contiguous_steps(input_.shape, size), contiguous_steps(output.shape, size)
    return per_tensor and fits_copy(input_.shape, *steps, size)
