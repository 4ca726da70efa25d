"""Pooling over windows, and means over whole images."""

from dataclasses import replace

from npu_hal_software.jit.ir import I64, PTR, Type, Value
from npu_hal_software.jit.kernel import (
    KERNEL_PARAMETERS,
    Kernel,
    KernelContext,
    OutputStage,
    chunk_range,
    store_valid,
    storing_valid_to,
)
from npu_hal_software.jit.record import MEAN, POOL

# Channels that are handled at a time; buffers may be read this far beyond their end.
_LANES = 16


def emit_pooling(context: KernelContext) -> list[Kernel]:
    """Generate average and largest of windows, and means."""
    _emit_pool(context)
    _emit_mean(context)
    return [Kernel(POOL, "pool"), Kernel(MEAN, "mean")]


def _emit_pool(context: KernelContext) -> None:
    kind = POOL
    function = context.module.function("pool", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    first, end = chunk_range(function, read["output_height"])
    zero = function.value(0, I64)

    def window(position: Value, axis: str) -> tuple[Value, Value]:
        stride = "stride_height" if axis == "height" else "stride_width"
        pad = "pad_top" if axis == "height" else "pad_left"
        start = position * read[stride] - read[pad]
        stop = function.minimum(start + read[f"filter_{axis}"], read[axis])
        return function.maximum(start, zero), stop

    with function.count(end, start=first) as y, function.count(read["output_width"]) as x:
        top, bottom = window(y, "height")
        left, right = window(x, "width")
        target = output.offset((y * read["output_width"] + x) * read["channels"])
        with function.count(read["channels"], step=_LANES) as channel:
            wide = Type("i32", _LANES)
            total = function.variable(function.value(0, wide))
            largest = function.variable(function.value(0, wide))
            with function.count(bottom, start=top) as row, function.count(right, start=left) as column:
                position = row * read["input_row_step"] + column * read["channels"] + channel
                values = input_.load(Type("i8", _LANES), position).convert("zext", "i32")
                total.set(total.get() + values)
                largest.set(function.maximum(largest.get(), values))
            count = ((bottom - top) * (right - left)).convert("trunc", "i32").splat(_LANES)
            offset = read["offset"].convert("trunc", "i32").splat(_LANES)
            average = _rounded_quotient(total.get() - offset * count, count) + offset
            is_maximum = read["maximum"].compare("ne", 0).splat(_LANES)
            result = is_maximum.select(largest.get(), average)
            low, high = (read[name].convert("trunc", "i32").splat(_LANES) for name in ("low", "high"))
            packed = function.minimum(function.maximum(result, low), high).convert("trunc", "i8")
            valid = function.minimum(read["channels"] - channel, function.value(_LANES, I64))
            store_valid(context, target.offset(channel), packed, valid)


def _rounded_quotient(total: Value, count: Value) -> Value:
    """total / count rounded half away from zero.

    The float quotient of integers below 2**24 by less than 2**16 is never rounded up to the next integer, so that
    truncating it is exact.
    """
    half = count.lshr(1)
    adjusted = total + total.compare("slt", 0).select(half * -1, half)
    quotient = adjusted.convert("sitofp", "float").fdiv(count.convert("sitofp", "float"))
    return quotient.convert("fptosi", "i32")


def _emit_mean(context: KernelContext) -> None:
    """Requantised sums over all positions, per channel; `constants` has blocks for vectors of `lanes` channels."""
    context = replace(context, requantiser=context.requantiser.of_means())
    kind, lanes = MEAN, context.tier.lanes
    function = context.module.function("mean", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in ("count", "channels", "step")}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    block = kind.read(operation, "constants", PTR)
    stage = OutputStage.of(context, kind, operation)
    blocks = (read["channels"] + (lanes - 1)).udiv(lanes)
    first, end = chunk_range(function, blocks)
    with function.count(end, start=first) as number:
        channel = number * lanes
        bias = context.requantiser.word(block, "bias", lanes)
        total = function.variable(bias)
        with function.count(read["count"], at_least_once=True) as index:
            values = input_.load(Type("i8", lanes), index * read["step"] + channel)
            total.set(total.get() + values.convert("zext", "i32"))
        valid = function.minimum(read["channels"] - channel, function.value(lanes, I64))
        store = storing_valid_to(context, output.offset(channel), valid)
        stage.requantise_and_store([[total.get()]], [block], store)
