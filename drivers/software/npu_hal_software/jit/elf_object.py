"""Loads relocatable x86-64 ELF objects of the kernels into memory.

It does what LLVM's own loader does, for the few kinds of sections and relocations that kernels have, and spares a
process that finds its kernels in the cache from importing LLVM at all. Field layouts are those of the System V ABI and
its AMD64 supplement.
"""

import ctypes
import mmap
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.packing.memory import align

_IDENTITY = b"\x7fELF\x02\x01\x01"  # 64 bits, little-endian, version 1
_TYPE_RELOCATABLE, _MACHINE_X86_64 = 1, 62
_SECTION_SYMBOLS, _SECTION_RELOCATIONS, _SECTION_NO_BITS = 2, 4, 8
_FLAG_ALLOCATED = 2
_UNDEFINED, _ABSOLUTE_AND_ABOVE = 0, 0xFF00
_R_X86_64_64, _R_X86_64_PC32, _R_X86_64_PLT32 = 1, 2, 4
# jmp *(%rip) and the address that it jumps to: reaches functions anywhere in memory.
_STUB = b"\xff\x25\x00\x00\x00\x00"
_STUB_BYTES = 16
_PROTECT_READ_EXECUTE = 5


class ObjectError(Exception):
    """The object is none that can be loaded here."""


class _Section(NamedTuple):
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int


class _Symbol(NamedTuple):
    name: str
    section: int
    value: int


class LoadedObject(NamedTuple):
    """Executable memory, for as long as this lives, and the addresses of the functions in it."""

    memory: mmap.mmap
    functions: dict[str, int]


def load_object(content: bytes) -> LoadedObject:
    """Place, relocate and protect the object's sections; raises `ObjectError`, and `MemoryError` without memory."""
    try:
        return _load(content)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise ObjectError(f"the object is malformed: {error}") from None


def _load(content: bytes) -> LoadedObject:
    sections = _read_sections(content)
    tables = [section for section in sections if section.kind == _SECTION_SYMBOLS]
    if len(tables) != 1:
        raise ObjectError(f"the object has {len(tables)} symbol tables, not one")
    symbols = _read_symbols(content, tables[0], sections[tables[0].link])
    places: dict[int, int] = {}
    end = 0
    for index, section in enumerate(sections):
        if section.flags & _FLAG_ALLOCATED:
            places[index] = end
            end += align(section.size)
    stubs = {
        symbol.name: end + number * _STUB_BYTES
        for number, symbol in enumerate(s for s in symbols if s.section == _UNDEFINED and s.name)
    }
    memory = _map(max(end + len(stubs) * _STUB_BYTES, 1))
    image = np.frombuffer(memory, np.uint8)
    base = image.ctypes.data
    for index, place in places.items():
        section = sections[index]
        if section.kind != _SECTION_NO_BITS:
            image[place : place + section.size] = np.frombuffer(content, np.uint8, section.size, section.offset)
    for name, place in stubs.items():
        stub = _STUB + struct.pack("<Q", _address_of(name))
        image[place : place + len(stub)] = np.frombuffer(stub, np.uint8)

    def offset_of(symbol: _Symbol) -> int:
        if symbol.section == _UNDEFINED:
            return stubs[symbol.name]
        if symbol.section not in places:
            raise ObjectError(f"symbol {symbol.name!r} is in no section that is loaded")
        return places[symbol.section] + symbol.value

    for section in sections:
        if section.kind == _SECTION_RELOCATIONS and section.info in places:
            entries = content[section.offset : section.offset + section.size]
            for where, info, addend in struct.iter_unpack("<QQq", entries):
                target = offset_of(symbols[info >> 32]) + addend
                _relocate(image, base, places[section.info] + where, info & 0xFFFFFFFF, target)
    if not _make_executable(memory):
        raise ObjectError("this system does not let memory be made executable")
    loaded = {symbol.name: base + offset_of(symbol) for symbol in symbols if symbol.name and symbol.section in places}
    return LoadedObject(memory, loaded)


def _read_sections(content: bytes) -> list[_Section]:
    if not content.startswith(_IDENTITY):
        raise ObjectError("this is no 64-bit little-endian ELF object")
    kind, machine = struct.unpack_from("<HH", content, 16)
    if (kind, machine) != (_TYPE_RELOCATABLE, _MACHINE_X86_64):
        raise ObjectError(f"ELF type {kind} for machine {machine} is no relocatable object for x86-64")
    (table,) = struct.unpack_from("<Q", content, 40)
    entry_size, count = struct.unpack_from("<HH", content, 58)
    sections = []
    for index in range(count):
        fields = struct.unpack_from("<IIQQQQIIQQ", content, table + index * entry_size)
        _, section_kind, flags, _, offset, size, link, info, _, _ = fields
        sections.append(_Section(section_kind, flags, offset, size, link, info))
    return sections


def _read_symbols(content: bytes, table: _Section, strings: _Section) -> list[_Symbol]:
    names = content[strings.offset : strings.offset + strings.size]
    symbols = []
    for name, _, _, section, value, _ in struct.iter_unpack(
        "<IBBHQQ", content[table.offset : table.offset + table.size]
    ):
        text = names[name : names.index(0, name)].decode()
        symbols.append(_Symbol(text if section < _ABSOLUTE_AND_ABOVE else "", section, value))
    return symbols


def _relocate(image: NDArray[np.uint8], base: int, where: int, kind: int, target: int) -> None:
    """Write an address: `where` and `target` count from the image's start."""
    if kind in (_R_X86_64_PC32, _R_X86_64_PLT32):
        word = struct.pack("<i", target - where)
    elif kind == _R_X86_64_64:
        word = struct.pack("<Q", base + target)
    else:
        raise ObjectError(f"relocation type {kind} is not known here")
    image[where : where + len(word)] = np.frombuffer(word, np.uint8)


def may_execute() -> bool:
    """Whether this system lets memory that was written be executed; hardened ones do not."""
    return _make_executable(_map(1))


def _map(size: int) -> mmap.mmap:
    try:
        return mmap.mmap(-1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except OSError as error:
        raise MemoryError(f"{size} bytes for machine code: {error.strerror}") from None


def _make_executable(memory: mmap.mmap) -> bool:
    base = np.frombuffer(memory, np.uint8).ctypes.data
    return bool(_libc.mprotect(base, len(memory), _PROTECT_READ_EXECUTE) == 0)


_libc = ctypes.CDLL(None)
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def _address_of(name: str) -> int:
    """The address of a function of the C library."""
    try:
        function = getattr(_libc, name)
    except AttributeError:
        raise ObjectError(f"the object calls {name}, which the C library does not have") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0
