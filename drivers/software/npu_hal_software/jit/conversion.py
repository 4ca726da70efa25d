"""Conversions between float32 and bytes."""

from npu_hal_software.jit.ir import F32, I32, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import DEQUANTIZE, QUANTIZE, RecordKind

_LANES = 16


def emit_conversion(context: KernelContext) -> list[Kernel]:
    """Generate both directions."""
    for kind in (QUANTIZE, DEQUANTIZE):
        _emit_loop(context, kind)
    return [Kernel(QUANTIZE, "quantize"), Kernel(DEQUANTIZE, "dequantize")]


def _emit_loop(context: KernelContext, kind: RecordKind) -> None:
    """Vectors, and single elements at the end: no byte beyond the last element is touched."""
    function = context.module.function(kind.name, KERNEL_PARAMETERS)
    operation = function["operation"]
    quantize = _quantize if context.requantiser.is_exact else _quantize_as_xnnpack
    convert = quantize if kind is QUANTIZE else _dequantize
    first, end = chunk_range(function, kind.read(operation, "count"))
    whole = first + (end - first).udiv(_LANES) * _LANES
    for start, stop, lanes in ((first, whole, _LANES), (whole, end, 1)):
        with function.count(stop, step=lanes, start=start) as index:
            convert(kind, operation, index, lanes)


def _quantize(kind: RecordKind, operation: Value, index: Value, lanes: int) -> None:
    """clamp(round(x / scale) + zero point), halves away from zero; NaN becomes the zero point."""
    function = operation.function
    real = kind.read(operation, "input", PTR).load(Type("float", lanes), index << 2)
    quotient = real.fdiv(kind.read(operation, "scale", F32).splat(lanes))
    mangled = quotient.type.mangled
    whole = function.intrinsic(f"llvm.trunc.{mangled}", quotient.type, (quotient,))
    rest = function.emit(quotient.type, f"fsub {quotient}, {whole.text}")
    distance = function.intrinsic(f"llvm.fabs.{mangled}", quotient.type, (rest,))
    one = function.value(1.0, quotient.type)
    away = function.intrinsic(f"llvm.copysign.{mangled}", quotient.type, (one, quotient))
    is_far = function.emit(quotient.type.of("i1"), f"fcmp oge {distance}, {function.value(0.5, quotient.type).text}")
    rounded = whole.fadd(is_far.select(away, function.value(0.0, quotient.type)))
    is_number = function.emit(quotient.type.of("i1"), f"fcmp ord {quotient}, {quotient.text}")
    steps = is_number.select(rounded, function.value(0.0, quotient.type))
    _store_clamped(kind, operation, index, steps)


def _quantize_as_xnnpack(kind: RecordKind, operation: Value, index: Value, lanes: int) -> None:
    """The same by a product with what `scale` then holds, 1 / scale; halves to even, and NaN becomes the largest."""
    real = kind.read(operation, "input", PTR).load(Type("float", lanes), index << 2)
    product = real.fmul(kind.read(operation, "scale", F32).splat(lanes))
    steps = operation.function.intrinsic(f"llvm.roundeven.{product.type.mangled}", product.type, (product,))
    _store_clamped(kind, operation, index, steps)


def _store_clamped(kind: RecordKind, operation: Value, index: Value, steps: Value) -> None:
    """Store whole numbers of steps from the zero point."""
    lanes = steps.type.lanes
    result = steps.fadd(_bound(kind, operation, "zero_point", lanes))
    for name, predicate in (("high", "olt"), ("low", "ogt")):
        bound = _bound(kind, operation, name, lanes)
        within = operation.function.emit(steps.type.of("i1"), f"fcmp {predicate} {result}, {bound.text}")
        result = within.select(result, bound)
    stored = result.convert("fptosi", "i32") + kind.read(operation, "offset", I32).splat(lanes)
    kind.read(operation, "output", PTR).store(stored.convert("trunc", "i8"), index)


def _bound(kind: RecordKind, operation: Value, name: str, lanes: int) -> Value:
    return kind.read(operation, name, I32).convert("sitofp", "float").splat(lanes)


def _dequantize(kind: RecordKind, operation: Value, index: Value, lanes: int) -> None:
    """scale * (stored - zero point)."""
    stored = kind.read(operation, "input", PTR).load(Type("i8", lanes), index).convert("zext", "i32")
    shift = kind.read(operation, "offset", I32) + kind.read(operation, "zero_point", I32)
    real = (stored - shift.splat(lanes)).convert("sitofp", "float")
    result = real.fmul(kind.read(operation, "scale", F32).splat(lanes))
    kind.read(operation, "output", PTR).store(result, index << 2)
