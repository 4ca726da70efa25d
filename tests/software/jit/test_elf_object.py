"""The loader of ELF objects takes what LLVM makes for this machine, and refuses everything else."""

import ctypes
import errno

import pytest

from npu_hal_software.jit.compiler import compile_object
from npu_hal_software.jit.elf_object import ObjectError, load_object
from npu_hal_software.jit.tiers import NeonDotProduct, machine_name

pytestmark = pytest.mark.skipif(machine_name() != "x86_64", reason="loads objects for x86-64")

# Sums through a constant table and a call of the C library, so that sections and symbols are resolved.
PROGRAM = """
declare i64 @labs(i64)
@table = internal constant [2 x i64] [i64 40, i64 -2]
define i64 @answer(i64 %index) {
  %address = getelementptr [2 x i64], ptr @table, i64 0, i64 %index
  %value = load i64, ptr %address
  %size = call i64 @labs(i64 %value)
  ret i64 %size
}
"""


def compiled() -> bytes:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="small")
    result: bytes = machine.emit_object(llvm.parse_assembly(PROGRAM))
    return result


def test_functions_run() -> None:
    loaded = load_object(compiled())
    answer = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(loaded.functions["answer"])
    assert (answer(0), answer(1)) == (40, 2)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF\x02\x01\x01" + bytes(100), b"MZ" + bytes(100)])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ObjectError):
        load_object(content)


def test_objects_for_other_machines_are_refused() -> None:
    with pytest.raises(ObjectError, match="machine 183 is no relocatable object for x86-64"):
        load_object(compile_object(NeonDotProduct(), "xnnpack", "aarch64-unknown-linux-gnu"))


def test_unknown_functions_are_refused() -> None:
    with pytest.raises(ObjectError, match="labX, which the C library does not have"):
        load_object(compiled().replace(b"\0labs\0", b"\0labX\0"))


def test_truncated_objects_are_refused() -> None:
    whole = compiled()
    for length in range(0, len(whole) - 1, 37):
        with pytest.raises(ObjectError):
            load_object(whole[:length])


def test_missing_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("mmap.mmap", fail)
    with pytest.raises(MemoryError, match="bytes for machine code: Cannot allocate memory"):
        load_object(compiled())
