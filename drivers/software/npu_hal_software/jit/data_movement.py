"""Kernels that move bytes: strided copies, padding, and the sums of rows that weight zero points need."""

from npu_hal_software.jit.ir import I8, I32, I64, PTR, Function, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import CALL, COPY, PAD, ROW_SUMS

# Bytes of the vectors that runs of bytes are moved in, by the length of the run.
_VECTORS = (32, 16, 4)


def emit_data_movement(context: KernelContext) -> list[Kernel]:
    """Generate copy, pad, row sums, and the call back into Python."""
    _emit_move_bytes(context, "copy_bytes")
    _emit_move_bytes(context, "fill_bytes")
    _emit_copy(context)
    _emit_pad(context)
    _emit_row_sums(context)
    _emit_call(context)
    return [Kernel(COPY, "copy"), Kernel(PAD, "pad"), Kernel(ROW_SUMS, "row_sums"), Kernel(CALL, "call_python")]


def _emit_move_bytes(context: KernelContext, name: str) -> None:
    """Copy (xor `byte`) or fill (with `byte`) exactly `count` bytes; the last vector overlaps the one before."""
    function = context.module.function(name, {"target": PTR, "source": PTR, "count": I64, "byte": I8})
    target, source, count, byte = (function[name] for name in ("target", "source", "count", "byte"))

    def move(index: Value, lanes: int) -> None:
        value = byte.splat(lanes)
        if name == "copy_bytes":
            value = value ^ source.load(Type("i8", lanes), index)
        target.store(value, index)

    def vectors(lanes: int) -> None:
        last = count - lanes
        with function.count(last, step=lanes) as index:
            move(index, lanes)
        move(last, lanes)

    def single_bytes() -> None:
        with function.count(count) as index:
            value = byte ^ source.load(I8, index) if name == "copy_bytes" else byte
            target.store(value, index)

    def by_length(sizes: tuple[int, ...]) -> None:
        if not sizes:
            single_bytes()
            return
        size, *smaller = sizes
        function.choose(count.compare("sge", size), lambda: vectors(size), lambda: by_length(tuple(smaller)))

    by_length(_VECTORS)


def _emit_copy(context: KernelContext) -> None:
    kind = COPY
    function = context.module.function("copy", KERNEL_PARAMETERS)
    operation = function["operation"]
    count = kind.read(operation, "bytes")
    mask = kind.read(operation, "mask", I8)

    def axis(number: int, source: Value, target: Value) -> None:
        if number == 4:
            function.call("copy_bytes", (target, source, count, mask))
            return
        size = kind.read(operation, f"size_{number}")
        first, end = chunk_range(function, size) if number == 0 else (function.value(0, I64), size)
        with function.count(end, start=first) as index:
            axis(
                number + 1,
                source.offset(index * kind.read(operation, f"input_step_{number}")),
                target.offset(index * kind.read(operation, f"output_step_{number}")),
            )

    axis(0, kind.read(operation, "input", PTR), kind.read(operation, "output", PTR))


def _emit_pad(context: KernelContext) -> None:
    kind = PAD
    function = context.module.function("pad", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    value, mask = kind.read(operation, "value", I8), kind.read(operation, "mask", I8)
    first, end = chunk_range(function, read["output_rows"])

    def fill(target: Value, count: Value) -> None:
        function.call("fill_bytes", (target, target, count, value))

    with function.count(end, start=first) as row:
        target = output.offset(row * read["output_row_step"])
        source_row = row - read["top"]

        def inside(target: Value = target, source_row: Value = source_row) -> None:
            fill(target, read["left_bytes"])
            middle = target.offset(read["left_bytes"])
            source = input_.offset(source_row * read["input_row_step"])
            function.call("copy_bytes", (middle, source, read["row_bytes"], mask))
            fill(middle.offset(read["row_bytes"]), read["right_bytes"])

        def outside(target: Value = target) -> None:
            fill(target, read["left_bytes"] + read["row_bytes"] + read["right_bytes"])

        function.choose(source_row.compare("ult", read["rows"]), inside, outside)


def _emit_row_sums(context: KernelContext) -> None:
    """Sums of the stored bytes of each output position's segments, times a factor."""
    kind = ROW_SUMS
    function = context.module.function("row_sums", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    segments = kind.read(operation, "segments", PTR)
    factor = kind.read(operation, "factor", I32)
    depth = read["depth"]
    lanes = 16 if context.tier.lanes > 4 else 8
    first, end = chunk_range(function, read["rows"] * read["columns"])
    with function.count(end, start=first) as position:
        row, column = position.udiv(read["columns"]), position.urem(read["columns"])
        source = input_.offset(row * read["row_step"] + column * read["column_step"])
        total = function.variable(function.value(0, I32))
        sums = function.variable(function.value(0, Type("i32", lanes)))
        with function.count(read["segment_count"]) as number:
            start = source.offset(segments.load(I64, number << 3))
            whole = depth.udiv(lanes) * lanes
            with function.count(whole, step=lanes) as index:
                sums.set(sums.get() + start.load(Type("i8", lanes), index).convert("zext", "i32"))
            with function.count(depth, start=whole) as index:
                total.set(total.get() + start.load(I8, index).convert("zext", "i32"))
        reduced = function.intrinsic(f"llvm.vector.reduce.add.v{lanes}i32", I32, (sums.get(),))
        output.store((total.get() + reduced) * factor, position << 2)


def _emit_call(context: KernelContext) -> None:
    """Call a function of the address in the record, for what has no kernel."""
    function: Function = context.module.function("call_python", KERNEL_PARAMETERS)
    operation = function["operation"]
    address = CALL.read(operation, "function", PTR)
    argument = CALL.read(operation, "argument")
    function.statement(f"call void {address.text}({argument})")
