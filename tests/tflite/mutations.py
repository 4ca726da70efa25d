"""Random damage to model files."""

import random
import struct
from collections.abc import Callable

Mutation = Callable[[random.Random, bytearray, bytes], None]

# Numbers that code tends to get wrong.
INTERESTING = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip_bits(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Flip up to 16 bits."""
    for _ in range(rng.randint(1, 16)):
        data[_place(rng, data, 1)] ^= 1 << rng.randrange(8)


def overwrite_bytes(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Replace up to 8 bytes by random ones."""
    for _ in range(rng.randint(1, 8)):
        data[_place(rng, data, 1)] = rng.randrange(256)


def truncate(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Cut the end off."""
    del data[rng.randrange(len(data)) :]


def splice(rng: random.Random, data: bytearray, donor: bytes) -> None:
    """Overwrite a stretch with a stretch of another model."""
    length = rng.randint(1, min(256, len(data), len(donor)))
    source, target = rng.randrange(len(donor) - length + 1), _place(rng, data, length)
    data[target : target + length] = donor[source : source + length]


def remove(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Take a stretch out, so that everything behind it moves."""
    start = _place(rng, data, 1)
    del data[start : start + rng.randint(1, 64)]


def rewrite_word(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Replace aligned 32-bit words, most of which are offsets, counts or fields, by telling numbers."""
    for _ in range(rng.randint(1, 3)):
        struct.pack_into("<I", data, _aligned(rng, data, 4), rng.choice(INTERESTING))


def shift_word(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Add a little to aligned 32-bit words: offsets that lead beside their target, counts off by some."""
    for _ in range(rng.randint(1, 3)):
        position = _aligned(rng, data, 4)
        value = struct.unpack_from("<I", data, position)[0]
        struct.pack_into("<I", data, position, (value + rng.randint(-64, 64)) & 0xFFFFFFFF)


def redirect_word(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Let an aligned 32-bit word lead to another place of the file."""
    position = _aligned(rng, data, 4)
    struct.pack_into("<I", data, position, (rng.randrange(len(data)) - position) & 0xFFFFFFFF)


def rewrite_half_word(rng: random.Random, data: bytearray, _donor: bytes) -> None:
    """Replace aligned 16-bit words, as vtables have them."""
    for _ in range(rng.randint(1, 4)):
        struct.pack_into("<H", data, _aligned(rng, data, 2), rng.choice(INTERESTING) & 0xFFFF)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    overwrite_bytes,
    truncate,
    splice,
    remove,
    rewrite_word,
    shift_word,
    redirect_word,
    rewrite_half_word,
)


def mutate(rng: random.Random, data: bytes, donor: bytes) -> tuple[bytes, str]:
    """The model with one kind of damage, and that kind's name."""
    mutation = rng.choice(MUTATIONS)
    damaged = bytearray(data)
    mutation(rng, damaged, donor)
    return bytes(damaged), mutation.__name__


def _place(rng: random.Random, data: bytearray, length: int) -> int:
    """A random position, as often as not in the first or last 4 KiB, where the tables are."""
    last = max(len(data) - length, 0)
    match rng.randrange(4):
        case 0:
            return rng.randint(0, min(last, 4096))
        case 1:
            return rng.randint(max(last - 4096, 0), last)
        case _:
            return rng.randint(0, last)


def _aligned(rng: random.Random, data: bytearray, size: int) -> int:
    return _place(rng, data, size) // size * size
