"""The native entry point: runs an array of operation records, alone or together with helper threads.

Threads share each operation's chunks. A counter hands out chunks, another counts those that are complete; both only
grow over the runs of a subgraph, so that nothing is reset. A thread goes on to the next operation when all chunks of
this one are complete; so a thread that is not scheduled holds up nobody but by the chunk that it works on. A helper
that comes late finds all chunks handed out and runs through, even while the next run is under way.
"""

from collections.abc import Sequence

from npu_hal_software.jit.ir import I1, I32, I64, PTR, VOID, Function, Module, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel
from npu_hal_software.jit.mailbox import CONTROL_BYTES, MAILBOX, RUN, SERVE
from npu_hal_software.jit.record import CHUNKS_SLOT, KIND_SLOT, SLOTS

_DONE_OFFSET = 64
# Rounds of waiting with the CPU's pause hint before the scheduler is asked for another thread.
_SPINS = 2000
# The same for a helper between inferences, before it sleeps: some hundred microseconds.
_IDLE_SPINS = 20000
_EXCHANGED = Type("{ i64, i1 }")
_FUTEX_WAIT, _FUTEX_WAKE = 128, 129  # the private variants
_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98}


def emit_dispatcher(module: Module, kernels: Sequence[Kernel], machine: str) -> None:
    """Generate the entry points.

    ``npu_hal_run(mailbox, clock)`` runs the mailbox's records once; `clock` is null, or memory for a tick count per
    record. ``npu_hal_serve(mailbox)`` is what a helper thread runs: it joins in every run until the mailbox says stop.
    """
    dispatch = module.function("dispatch", {"kind": I64, **KERNEL_PARAMETERS})
    arguments = [dispatch[name] for name in KERNEL_PARAMETERS]
    cases = {kernel.kind.code: dispatch.calling(kernel.function, arguments) for kernel in kernels}
    dispatch.switch(dispatch["kind"], cases)
    _emit_share(module, machine)
    _emit_run_records(module)
    _emit_run(module, machine)
    _emit_serve(module, machine)


def _emit_run_records(module: Module) -> None:
    """All records, alone or sharing their chunks with other threads."""
    run = module.function("run_records", {"mailbox": PTR, "generation": I64, "is_alone": I64, "clock": PTR})
    records, control = MAILBOX.read(run["mailbox"], "records", PTR), MAILBOX.read(run["mailbox"], "control", PTR)
    with run.count(MAILBOX.read(run["mailbox"], "count")) as index:
        operation = records.offset(index * (8 * SLOTS))
        kind = operation.load(I64, 8 * KIND_SLOT)
        chunks = operation.load(I64, 8 * CHUNKS_SLOT)
        with run.when(run["clock"].compare("ne", 0)):
            run["clock"].store(run.intrinsic("llvm.readcyclecounter", I64, ()), index << 3)
        alone = run.calling("dispatch", (kind, operation, run.value(0, I64), run.value(1, I64)))
        own_control = control.offset(index * CONTROL_BYTES)
        together = run.calling("share", (kind, operation, chunks, own_control, run["generation"]))
        run.choose(run["is_alone"].compare("ne", 0), alone, together)
    with run.when(run["clock"].compare("ne", 0)):
        last = MAILBOX.read(run["mailbox"], "count") << 3
        run["clock"].store(run.intrinsic("llvm.readcyclecounter", I64, ()), last)


def _emit_run(module: Module, machine: str) -> None:
    run = module.function(RUN, {"mailbox": PTR, "clock": PTR}, public=True)
    mailbox, clock = run["mailbox"], run["clock"]
    helpers = MAILBOX.read(mailbox, "helpers")

    def alone() -> None:
        run.call("run_records", (mailbox, run.value(0, I64), run.value(1, I64), clock))

    def together() -> None:
        sequence = MAILBOX.address(mailbox, "sequence")
        generation = run.emit(I64, f"atomicrmw add {sequence}, i64 1 seq_cst")
        sleepers = _atomic_load(run, MAILBOX.address(mailbox, "sleepers"))
        with run.when(sleepers.compare("ne", 0)):
            _futex(run, machine, sequence, _FUTEX_WAKE, helpers)
        run.call("run_records", (mailbox, generation, run.value(0, I64), clock))

    run.choose(helpers.compare("eq", 0), alone, together)


def _emit_serve(module: Module, machine: str) -> None:
    """Wait for the sequence number to move, by spinning first and then asleep, and run what it announces."""
    serve = module.function(SERVE, {"mailbox": PTR}, public=True)
    mailbox = serve["mailbox"]
    sequence, sleepers = MAILBOX.address(mailbox, "sequence"), MAILBOX.address(mailbox, "sleepers")
    stop = MAILBOX.address(mailbox, "stop")
    seen = serve.variable(MAILBOX.read(mailbox, "start"))
    spins = serve.variable(serve.value(0, I64))
    with serve.loop(lambda: _atomic_load(serve, stop).compare("eq", 0)):
        current = _atomic_load(serve, sequence)

        def work(current: Value = current) -> None:
            seen.set(current)
            serve.call("run_records", (mailbox, current - 1, serve.value(0, I64), serve.value(0, PTR)))
            spins.set(serve.value(0, I64))

        def sleep(current: Value = current) -> None:
            serve.emit(I64, f"atomicrmw add {sleepers}, i64 1 seq_cst")
            # The kernel compares once more: a run that was announced meanwhile is not slept through.
            _futex(serve, machine, sequence, _FUTEX_WAIT, current & 0xFFFFFFFF)
            serve.emit(I64, f"atomicrmw sub {sleepers}, i64 1 seq_cst")
            spins.set(serve.value(0, I64))

        def spin() -> None:
            _pause(serve, machine)
            spins.set(spins.get() + 1)

        def wait() -> None:
            serve.choose(spins.get().compare("sgt", _IDLE_SPINS), sleep, spin)

        serve.choose(current.compare("ne", seen.get()), work, wait)


def _atomic_load(function: Function, address: Value) -> Value:
    return function.emit(I64, f"load atomic i64, {address} seq_cst, align 8")


def _futex(function: Function, machine: str, address: Value, operation: int, value: Value) -> None:
    """Linux's futex system call on the low half of a little-endian int64; no time limit."""
    number = function.value(_FUTEX_NUMBERS.get(machine, _FUTEX_NUMBERS["x86_64"]), I64)
    code = function.value(operation, I64)
    function.intrinsic("syscall", I64, (number, address, code, value, function.value(0, PTR)))


def _emit_share(module: Module, machine: str) -> None:
    """Take chunks of one operation until none is left, and wait until all are complete."""
    parameters = {"kind": I64, "operation": PTR, "chunks": I64, "control": PTR, "generation": I64}
    function = module.function("share", parameters)
    chunks, control = function["chunks"], function["control"]
    completed = control.offset(_DONE_OFFSET)
    base = function["generation"] * chunks
    end = base + chunks

    def read(address: Value) -> Value:
        return function.emit(I64, f"load atomic i64, {address} acquire, align 8")

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
