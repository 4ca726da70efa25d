"""Which lowering takes an operation, and which forms are left to the reference level.

A lowering appends the records of an operation to the program and gives True; or it gives False if there is no kernel
for the operation's form. To support another kind: write its lowering in a file of this package, and give it a row here.
A lowering is imported when an operation of its kind is first met.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from npu_hal.api import Operation
from npu_hal_software.jit.lowering.fallback import lower_by_reference
from npu_hal_software.jit.program import Program

Lowering = Callable[[Program, Operation], bool]

# Module and function, for elements of any type; the lowering looks which.
OF_ANY_TYPE: Mapping[str, tuple[str, str]] = {
    "ARG_MAX": ("arg_extremum", "lower_arg_extremum"),
    "ARG_MIN": ("arg_extremum", "lower_arg_extremum"),
    "CONCATENATION": ("movement", "lower_concatenation"),
    "DEPTH_TO_SPACE": ("rearrangement", "lower_rearrangement"),
    "DEQUANTIZE": ("conversion", "lower_conversion"),
    "EMBEDDING_LOOKUP": ("slices", "lower_look_up_slices"),
    "EXPAND_DIMS": ("reshape", "lower_reshape"),
    "GATHER": ("slices", "lower_look_up_slices"),
    "GATHER_ND": ("slices", "lower_look_up_slices"),
    "PACK": ("rearrangement", "lower_pack"),
    "PAD": ("movement", "lower_pad"),
    "QUANTIZE": ("conversion", "lower_conversion"),
    "RESHAPE": ("reshape", "lower_reshape"),
    "RESIZE_NEAREST_NEIGHBOR": ("resize", "lower_resize_nearest_neighbor"),
    "SLICE": ("rearrangement", "lower_rearrangement"),
    "SPACE_TO_DEPTH": ("rearrangement", "lower_rearrangement"),
    "SPLIT": ("movement", "lower_split"),
    "SPLIT_V": ("movement", "lower_split_v"),
    "SQUEEZE": ("reshape", "lower_reshape"),
    "STRIDED_SLICE": ("rearrangement", "lower_rearrangement"),
    "TILE": ("rearrangement", "lower_rearrangement"),
    "TRANSPOSE": ("transpose", "lower_transpose"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("lstm", "lower_lstm"),
    "UNPACK": ("movement", "lower_unpack"),
}

# The same, for 8-bit elements at the first input and the last output.
OF_BYTES: Mapping[str, tuple[str, str]] = {
    "ABS": ("tables", "lower_table"),
    "ADD": ("arithmetic", "lower_arithmetic"),
    "AVERAGE_POOL_2D": ("pooling", "lower_pool"),
    "CONV_2D": ("convolution", "lower_convolution"),
    "DEPTHWISE_CONV_2D": ("depthwise_convolution", "lower_depthwise_convolution"),
    "ELU": ("tables", "lower_table"),
    "EXP": ("tables", "lower_table"),
    "FULLY_CONNECTED": ("convolution", "lower_fully_connected"),
    "HARD_SWISH": ("tables", "lower_table"),
    "LEAKY_RELU": ("tables", "lower_table"),
    "LOG": ("tables", "lower_table"),
    "LOGISTIC": ("tables", "lower_table"),
    "MAXIMUM": ("extremum", "lower_extremum"),
    "MAX_POOL_2D": ("pooling", "lower_pool"),
    "MEAN": ("mean", "lower_mean"),
    "MINIMUM": ("extremum", "lower_extremum"),
    "MUL": ("arithmetic", "lower_arithmetic"),
    "QUANTIZE": ("tables", "lower_table"),
    "RELU": ("tables", "lower_table"),
    "RELU6": ("tables", "lower_table"),
    "RELU_N1_TO_1": ("tables", "lower_table"),
    "RESIZE_BILINEAR": ("resize", "lower_resize_bilinear"),
    "SOFTMAX": ("softmax", "lower_softmax"),
    "SUB": ("arithmetic", "lower_arithmetic"),
    "TANH": ("tables", "lower_table"),
}

# The same, for all others.
OF_NUMBERS: Mapping[str, tuple[str, str]] = {
    "ADD": ("numbers", "lower_numbers"),
    "CAST": ("numbers", "lower_cast"),
    "DIV": ("numbers", "lower_numbers"),
    "FLOOR_DIV": ("numbers", "lower_numbers"),
    "MUL": ("numbers", "lower_numbers"),
    "SQRT": ("numbers", "lower_numbers"),
    "SUB": ("numbers", "lower_numbers"),
}


def lower_operation(program: Program, operation: Operation, label: str) -> None:
    """Append the records of one operation."""
    program.label = label
    if not _lower_natively(program, operation):
        lower_by_reference(program, operation)


def _lower_natively(program: Program, operation: Operation) -> bool:
    """Append records if there is a kernel for the operation's form; there is none for tensors without elements."""
    operands = [program.tensor(index) for index in (*operation.inputs, *operation.outputs)]
    if any(tensor.size == 0 for tensor in operands):
        return False
    of_bytes = operands[0].dtype.is_quantised8 and operands[-1].dtype.is_quantised8
    for table in (OF_ANY_TYPE, OF_BYTES if of_bytes else OF_NUMBERS):
        place = table.get(operation.kind)
        if place is not None and find_lowering(*place)(program, operation):
            return True
    return False


@cache
def find_lowering(module: str, function: str) -> Lowering:
    """The lowering of that name."""
    lowering: Lowering = getattr(import_module(f"{__package__}.{module}"), function)
    return lowering
