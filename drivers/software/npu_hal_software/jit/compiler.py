"""From LLVM assembly to callable machine code, by way of the cache."""

import ctypes
import hashlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from npu_hal_software.jit import messages, object_cache
from npu_hal_software.jit.elf_object import ObjectError, load_object
from npu_hal_software.jit.generator_version import generator_version
from npu_hal_software.jit.mailbox import RUN, SERVE
from npu_hal_software.jit.requantise import Rounding
from npu_hal_software.jit.tiers import Tier, cpu_flags, cpu_model, machine_name

# Addresses of the mailbox and the clock, and of the mailbox: see `dispatcher.emit_dispatcher`.
RunFunction = Callable[[int, int], None]
ServeFunction = Callable[[int], None]

_RUN_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_SERVE_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_OPTIMISATION_LEVEL = 2
_lock = threading.Lock()
_loaded: dict[tuple[str, Rounding], "CompiledKernels"] = {}


def _after_fork_in_child() -> None:
    # A thread of the parent may have been compiling: nobody would release the lock here.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork_in_child)


class CompiledKernels(NamedTuple):
    """The entry points, and the engine that owns their memory. Both release the interpreter's lock."""

    run: RunFunction
    serve: ServeFunction
    engine: Any
    from_cache: bool


def load_kernels(tier: Tier, rounding: Rounding) -> CompiledKernels:
    """The kernels of a tier and rounding: of this process, of the disk cache, or compiled now."""
    with _lock:
        key = (tier.name, rounding)
        if key not in _loaded:
            _loaded[key] = _load(tier, rounding)
        return _loaded[key]


def _load(tier: Tier, rounding: Rounding) -> CompiledKernels:
    key = cache_key(tier, rounding)
    stored = object_cache.load(key)
    if stored is not None:
        try:
            return _link(stored, from_cache=True)
        except ObjectError as error:
            messages.warn("cached kernels %s do not load, they are compiled again: %s", key, error)
    start = time.perf_counter()
    compiled = compile_object(tier, rounding)
    messages.info("compiled kernels of tier %s in %.1f s", tier.name, time.perf_counter() - start)
    object_cache.store(key, compiled)
    return _link(compiled, from_cache=False)


def cache_key(tier: Tier, rounding: Rounding) -> str:
    """A name for code that depends on the CPU, LLVM, and this generator."""
    # The package alone holds little but its version: LLVM's library comes with `llvmlite.binding`.
    import llvmlite

    parts = (machine_name(), cpu_model(), " ".join(sorted(cpu_flags())), llvmlite.__version__)
    digest = hashlib.sha256("\0".join((*parts, generator_version())).encode()).hexdigest()[:24]
    return f"{tier.name}-{rounding}-{digest}"


def compile_object(tier: Tier, rounding: Rounding, triple: str = "") -> bytes:
    """An ELF object of the kernels; for another machine if `triple` names one."""
    module, machine = optimised_module(tier, rounding, triple)
    result: bytes = machine.emit_object(module)
    return result


def compile_assembly(text: str, tier: Tier) -> bytes:
    """An ELF object of any LLVM assembly, for a tier of this machine."""
    module, machine = _optimised(text, tier, "")
    result: bytes = machine.emit_object(module)
    return result


def optimised_module(tier: Tier, rounding: Rounding, triple: str = "") -> tuple[Any, Any]:
    """llvmlite's module of the kernels after optimisation, and its target machine."""
    # Processes that find their kernels in the cache need neither the generator nor LLVM.
    from npu_hal_software.jit.generator import generate_module

    return _optimised(generate_module(tier, rounding), tier, triple)


def _optimised(text: str, tier: Tier, triple: str) -> tuple[Any, Any]:
    import llvmlite.binding as llvm

    _initialise(llvm, every_target=bool(triple))
    if triple:
        target, cpu = llvm.Target.from_triple(triple), "generic"
    else:
        target = llvm.Target.from_default_triple()
        cpu = llvm.get_host_cpu_name() if tier.flags else "generic"
    machine = target.create_target_machine(
        cpu=cpu, features=tier.features, opt=_OPTIMISATION_LEVEL, reloc="pic", codemodel="small"
    )
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=_OPTIMISATION_LEVEL)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module, machine


def _initialise(llvm: Any, *, every_target: bool) -> None:
    if every_target:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    else:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()


def _link(compiled: bytes, *, from_cache: bool) -> CompiledKernels:
    """Load an object into this process; raises `ObjectError`."""
    engine, addresses = _load_object(compiled)
    run, serve = (addresses.get(name, 0) for name in (RUN, SERVE))
    if not run or not serve:
        raise ObjectError(f"the object lacks {RUN} or {SERVE}")
    return CompiledKernels(_RUN_TYPE(run), _SERVE_TYPE(serve), engine, from_cache)


def _load_object(compiled: bytes) -> tuple[object, dict[str, int]]:
    """What owns the code's memory, and the addresses of functions."""
    if machine_name() == "x86_64":
        loaded = load_object(compiled)
        return loaded, loaded.functions
    if not compiled.startswith(b"\x7fELF"):
        raise ObjectError("this is no ELF object")
    import llvmlite.binding as llvm

    _initialise(llvm, every_target=False)
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(compiled))
    engine.finalize_object()
    return engine, {name: engine.get_function_address(name) for name in (RUN, SERVE)}
