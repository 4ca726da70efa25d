"""The native entry point: runs an array of operation records, alone or together with helper threads.

Threads share each operation's chunks. A counter hands out chunks, another counts those that are complete; both only
grow over the runs of a subgraph, so that nothing is reset. A thread goes on to the next operation when all chunks of
this one are complete; so a thread that is not scheduled holds up nobody but by the chunk that it works on.
"""

from collections.abc import Sequence

from npu_hal_software.jit.ir import I1, I32, I64, PTR, VOID, Function, Module, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel
from npu_hal_software.jit.record import CHUNKS_SLOT, KIND_SLOT, SLOTS

ENTRY_POINT = "npu_hal_run"
# Per operation: the counters of handed out and of complete chunks, on cache lines of their own.
CONTROL_BYTES = 128
_DONE_OFFSET = 64
# Rounds of waiting with the CPU's pause hint before the scheduler is asked for another thread.
_SPINS = 2000
_EXCHANGED = Type("{ i64, i1 }")


def emit_dispatcher(module: Module, kernels: Sequence[Kernel], machine: str) -> None:
    """Generate ``npu_hal_run(records, count, generation, threads, control, clock)``.

    `generation` is the number of earlier runs with more than one thread, `control` zeroed memory of CONTROL_BYTES per
    operation, `clock` null or memory for an int64 tick count per operation.
    """
    dispatch = module.function("dispatch", {"kind": I64, **KERNEL_PARAMETERS})
    arguments = [dispatch[name] for name in KERNEL_PARAMETERS]
    cases = {kernel.kind.code: dispatch.calling(kernel.function, arguments) for kernel in kernels}
    dispatch.switch(dispatch["kind"], cases)
    run = module.function(
        ENTRY_POINT,
        {
            "records": PTR,
            "count": I64,
            "generation": I64,
            "threads": I64,
            "control": PTR,
            "clock": PTR,
        },
        public=True,
    )
    with run.count(run["count"]) as index:
        operation = run["records"].offset(index * (8 * SLOTS))
        kind = operation.load(I64, 8 * KIND_SLOT)
        chunks = operation.load(I64, 8 * CHUNKS_SLOT)
        with run.when(run["clock"].compare("ne", 0)):
            ticks = run.intrinsic("llvm.readcyclecounter", I64, ())
            run["clock"].store(ticks, index << 3)
        control = run["control"].offset(index * CONTROL_BYTES)
        alone = run.calling("dispatch", (kind, operation, run.value(0, I64), run.value(1, I64)))
        together = run.calling("share", (kind, operation, chunks, control, run["generation"]))
        run.choose(run["threads"].compare("eq", 1), alone, together)
    _emit_share(module, machine)


def _emit_share(module: Module, machine: str) -> None:
    """Take chunks of one operation until none is left, and wait until all are complete."""
    parameters = {"kind": I64, "operation": PTR, "chunks": I64, "control": PTR, "generation": I64}
    function = module.function("share", parameters)
    chunks, control = function["chunks"], function["control"]
    completed = control.offset(_DONE_OFFSET)
    base = function["generation"] * chunks
    end = base + chunks

    def read(address: Value) -> Value:
        return function.emit(I64, f"load atomic i64, ptr {address.text} acquire, align 8")

    with function.loop(lambda: read(control).compare("slt", end)):
        ticket = read(control)
        # The counter must not pass `end`, where the next run begins; so it is not simply incremented.
        with function.when(ticket.compare("slt", end)):
            pair = function.emit(_EXCHANGED, f"cmpxchg {control}, {ticket}, {ticket + 1} acq_rel acquire")
            won = function.emit(I1, f"extractvalue {pair}, 1")
            with function.when(won):
                function.call("dispatch", (function["kind"], function["operation"], ticket - base, chunks))
                function.emit(I64, f"atomicrmw add ptr {completed.text}, i64 1 acq_rel")
    spins = function.variable(function.value(0, I64))
    with function.loop(lambda: read(completed).compare("slt", end)):
        _pause(function, machine)
        spins.set(spins.get() + 1)
        with function.when(spins.get().compare("sgt", _SPINS)):
            function.intrinsic("sched_yield", I32, ())


def _pause(function: Function, machine: str) -> None:
    """Tell the core that this is a waiting loop."""
    if machine == "x86_64":
        function.intrinsic("llvm.x86.sse2.pause", VOID, ())
    elif machine == "aarch64":
        function.intrinsic("llvm.aarch64.hint", VOID, (function.value(1, I32),))
