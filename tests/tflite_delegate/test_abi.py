"""The structures in Python are laid out as a C compiler lays them out."""

import ctypes
import subprocess

from teflon import tflite_abi

from .conftest import CompileProgram


def test_structures_have_the_sizes_and_offsets_of_c(compile_program: CompileProgram) -> None:
    printed = subprocess.run([compile_program("print_layout")], capture_output=True, text=True, check=True).stdout
    in_c = {name: int(number) for name, number in (line.split() for line in printed.splitlines())}
    structures = [
        kind for kind in vars(tflite_abi).values() if isinstance(kind, type) and issubclass(kind, ctypes.Structure)
    ]
    in_python = {kind.__name__: ctypes.sizeof(kind) for kind in structures if kind is not ctypes.Structure}
    for kind in structures:
        for field in getattr(kind, "_fields_", ()):
            in_python[f"{kind.__name__}.{field[0]}"] = getattr(kind, field[0]).offset
    assert in_python == in_c
    assert len(in_c) == 88
