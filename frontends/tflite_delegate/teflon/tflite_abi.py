"""TensorFlow Lite's C structures, as far as a delegate meets them.

The layout is that of LiteRT 2.x on a 64-bit system. Older runtimes know a prefix of `TfLiteContext` and
`TfLiteRegistration`: what they own is never read beyond it, and what they are given is the whole, zero filled.
Field names are TensorFlow Lite's (``tensorflow/lite/core/c/common.h``). Pointers that are only followed by address are
plain ``c_void_p``.
"""

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    PYFUNCTYPE,
    Structure,
    c_bool,
    c_char_p,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint64,
    c_void_p,
)
from enum import IntEnum, IntFlag


class Status(IntEnum):
    """TfLiteStatus, the part that a delegate returns."""

    OK = 0
    ERROR = 1
    DELEGATE_ERROR = 2


class AllocationType(IntEnum):
    """TfLiteAllocationType: where a tensor's memory is, and how long it lasts."""

    NONE = 0
    MMAP_RO = 1
    ARENA_RW = 2
    ARENA_RW_PERSISTENT = 3
    DYNAMIC = 4
    PERSISTENT_RO = 5
    CUSTOM = 6


class DelegateFlags(IntFlag):
    """TfLiteDelegateFlags, the part that a delegate sets.

    With ALLOW_DYNAMIC_TENSORS a runtime applies a delegate without having computed a shape, leaves it applied when an
    input is resized, and asks its kernels to prepare again whenever the shape of what they read may have changed.
    """

    NONE = 0
    ALLOW_DYNAMIC_TENSORS = 1


class QuantizationType(IntEnum):
    """TfLiteQuantizationType; newer runtimes have more, which say so in numbers of their own."""

    NONE = 0
    AFFINE = 1


class TfLiteQuantizationParams(Structure):
    """The legacy copy of a per-tensor quantisation."""

    _fields_ = (("scale", c_float), ("zero_point", c_int32))


class TfLiteQuantization(Structure):
    """A tagged pointer to the parameters of a quantisation."""

    _fields_ = (("type", c_int), ("params", c_void_p))


class TfLiteAffineQuantization(Structure):
    """Scales and zero points along an axis: pointers to a float array and an int array."""

    _fields_ = (("scale", c_void_p), ("zero_point", c_void_p), ("quantized_dimension", c_int32))


class TfLiteTensor(Structure):
    """A tensor as the runtime keeps it."""

    _fields_ = (
        ("type", c_int),
        ("data", c_void_p),
        ("dims", c_void_p),
        ("params", TfLiteQuantizationParams),
        ("allocation_type", c_int),
        ("bytes", c_size_t),
        ("allocation", c_void_p),
        ("name", c_char_p),
        ("delegate", c_void_p),
        ("buffer_handle", c_int),
        ("data_is_stale", c_bool),
        ("is_variable", c_bool),
        ("quantization", TfLiteQuantization),
        ("sparsity", c_void_p),
        ("dims_signature", c_void_p),
    )


class TfLiteNode(Structure):
    """An operator's operands, parsed options and state."""

    _fields_ = (
        ("inputs", c_void_p),
        ("outputs", c_void_p),
        ("intermediates", c_void_p),
        ("temporaries", c_void_p),
        ("user_data", c_void_p),
        ("builtin_data", c_void_p),
        ("custom_initial_data", c_void_p),
        ("custom_initial_data_size", c_int),
        ("delegate", c_void_p),
        ("might_have_side_effect", c_bool),
    )


class TfLiteDelegateParams(Structure):
    """What a delegate kernel is initialised with: its nodes, and the tensors at their border."""

    _fields_ = (
        ("delegate", c_void_p),
        ("nodes_to_replace", c_void_p),
        ("input_tensors", c_void_p),
        ("output_tensors", c_void_p),
    )


# What the runtime calls. Pointers arrive as integers, or None for NULL.
KernelInit = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
KernelFree = CFUNCTYPE(None, c_void_p, c_void_p)
KernelPrepare = CFUNCTYPE(c_int, c_void_p, c_void_p)
KernelInvoke = CFUNCTYPE(c_int, c_void_p, c_void_p)
DelegatePrepare = CFUNCTYPE(c_int, c_void_p, c_void_p)


class TfLiteRegistration(Structure):
    """An operator's implementation; `inplace_operator` is the newest field."""

    _fields_ = (
        ("init", KernelInit),
        ("free", KernelFree),
        ("prepare", KernelPrepare),
        ("invoke", KernelInvoke),
        ("profiling_string", c_void_p),
        ("builtin_code", c_int32),
        ("custom_name", c_char_p),
        ("version", c_int),
        ("registration_external", c_void_p),
        ("async_kernel", c_void_p),
        ("inplace_operator", c_uint64),
    )


class TfLiteDelegate(Structure):
    """A delegate as the runtime sees it."""

    _fields_ = (
        ("data_", c_void_p),
        ("Prepare", DelegatePrepare),
        ("CopyFromBufferHandle", c_void_p),
        ("CopyToBufferHandle", c_void_p),
        ("FreeBufferHandle", c_void_p),
        ("flags", c_int64),
        ("opaque_delegate_builder", c_void_p),
    )


# What a delegate calls in the runtime. They keep Python's lock: each is short, and giving the lock away would let any
# busy thread in between two of them. The callbacks that ReplaceNodeSubsets... makes may take it again.
GetExecutionPlan = PYFUNCTYPE(c_int, c_void_p, POINTER(c_void_p))
GetNodeAndRegistration = PYFUNCTYPE(c_int, c_void_p, c_int, POINTER(c_void_p), POINTER(c_void_p))
ResizeTensor = PYFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)
ReplaceNodeSubsets = PYFUNCTYPE(c_int, c_void_p, TfLiteRegistration, c_void_p, c_void_p)
ReportError = PYFUNCTYPE(None, c_void_p, c_char_p, c_char_p)


class TfLiteContext(Structure):
    """The runtime's side of one subgraph of a model. The last two fields are missing in older runtimes."""

    _fields_ = (
        ("tensors_size", c_size_t),
        ("GetExecutionPlan", GetExecutionPlan),
        ("tensors", c_void_p),
        ("impl_", c_void_p),
        ("ResizeTensor", ResizeTensor),
        ("ReportError", ReportError),
        ("AddTensors", c_void_p),
        ("GetNodeAndRegistration", GetNodeAndRegistration),
        ("ReplaceNodeSubsetsWithDelegateKernels", ReplaceNodeSubsets),
        ("recommended_num_threads", c_int),
        ("GetExternalContext", c_void_p),
        ("SetExternalContext", c_void_p),
        ("allow_fp32_relax_to_fp16", c_bool),
        ("profiler", c_void_p),
        ("AllocatePersistentBuffer", c_void_p),
        ("AllocateBufferForEval", c_void_p),
        ("RequestScratchBufferInArena", c_void_p),
        ("GetScratchBuffer", c_void_p),
        ("ResizeTensorExplicit", c_void_p),
        ("PreviewDelegatePartitioning", c_void_p),
        ("GetTensor", c_void_p),
        ("GetEvalTensor", c_void_p),
        ("GetModelMetadata", c_void_p),
        ("AcquireSubgraphContext", c_void_p),
        ("ReleaseSubgraphContext", c_void_p),
    )


POINTER_BYTES = ctypes.sizeof(c_void_p)

_SIZES = {
    TfLiteQuantizationParams: 8,
    TfLiteQuantization: 16,
    TfLiteAffineQuantization: 24,
    TfLiteTensor: 112,
    TfLiteNode: 80,
    TfLiteDelegateParams: 32,
    TfLiteRegistration: 88,
    TfLiteDelegate: 56,
    TfLiteContext: 200,
}
if POINTER_BYTES == 8:
    for _structure, _size in _SIZES.items():
        if ctypes.sizeof(_structure) != _size:
            raise ImportError(f"{_structure.__name__} takes {ctypes.sizeof(_structure)} bytes, not {_size}")


def read_ints(address: int | None) -> tuple[int, ...]:
    """The elements of a TfLiteIntArray; none for NULL."""
    if not address:
        return ()
    count = c_int.from_address(address).value
    return tuple((c_int * count).from_address(address + ctypes.sizeof(c_int)))


def read_floats(address: int | None) -> tuple[float, ...]:
    """The elements of a TfLiteFloatArray; none for NULL."""
    if not address:
        return ()
    count = c_int.from_address(address).value
    return tuple((c_float * count).from_address(address + ctypes.sizeof(c_int)))


def int_array(values: tuple[int, ...]) -> "ctypes.Array[c_int]":
    """A TfLiteIntArray of `values`, in memory of Python's."""
    return (c_int * (1 + len(values)))(len(values), *values)


def new_int_array(values: tuple[int, ...]) -> int:
    """The address of a TfLiteIntArray of `values`, allocated as the runtime does, for the runtime to free."""
    array = int_array(values)
    address = _malloc(ctypes.sizeof(array))
    if not address:
        raise MemoryError("no memory for a shape")
    ctypes.memmove(address, array, ctypes.sizeof(array))
    return int(address)


_malloc = CFUNCTYPE(c_void_p, c_size_t)(("malloc", ctypes.CDLL(None)))
