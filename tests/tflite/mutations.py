"""Random damage to model files."""

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unittest import mock

from npu_hal.tflite import read_operators
from npu_hal.tflite.flatbuffer import FlatBuffer


@dataclass(frozen=True)
class Victim:
    """A model file, and the positions of its offsets, counts and fields: where damage tells most."""

    data: bytes
    places: Sequence[int]

    @classmethod
    def of(cls, data: bytes) -> "Victim":
        """A sound model; its places are those that the reader looks at."""
        places: set[int] = set()
        check = FlatBuffer.check

        def note(buffer: FlatBuffer, position: int, length: int, what: str) -> None:
            check(buffer, position, length, what)
            # Beyond some length it is contents, of which the first bytes do.
            places.update(range(position, position + min(length, 64)))

        with mock.patch.object(FlatBuffer, "check", note):
            read_operators(data)
        return cls(data, sorted(places))


Mutation = Callable[[random.Random, bytearray, Victim], None]

# Numbers that code tends to get wrong.
INTERESTING = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip_bits(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Flip up to 16 bits."""
    for _ in range(rng.randint(1, 16)):
        data[_place(rng, victim)] ^= 1 << rng.randrange(8)


def overwrite_bytes(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Replace up to 8 bytes by random ones."""
    for _ in range(rng.randint(1, 8)):
        data[_place(rng, victim)] = rng.randrange(256)


def truncate(rng: random.Random, data: bytearray, _victim: Victim) -> None:
    """Cut the end off."""
    del data[rng.randrange(len(data)) :]


def splice(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Overwrite a stretch with another one of the file."""
    length = rng.randint(1, min(256, len(data)))
    source, target = min(_place(rng, victim), len(data) - length), min(_place(rng, victim), len(data) - length)
    data[target : target + length] = data[source : source + length]


def remove(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Take a stretch out, so that everything behind it moves."""
    start = _place(rng, victim)
    del data[start : start + rng.randint(1, 64)]


def rewrite_word(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Replace aligned 32-bit words, most of which are offsets, counts or fields, by telling numbers."""
    for _ in range(rng.randint(1, 3)):
        struct.pack_into("<I", data, _aligned(rng, victim, 4), rng.choice(INTERESTING))


def shift_word(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Add a little to aligned 32-bit words: offsets that lead beside their target, counts off by some."""
    for _ in range(rng.randint(1, 3)):
        position = _aligned(rng, victim, 4)
        value = struct.unpack_from("<I", data, position)[0]
        struct.pack_into("<I", data, position, (value + rng.randint(-64, 64)) & 0xFFFFFFFF)


def redirect_word(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Let an aligned 32-bit word lead to another place of the file."""
    position = _aligned(rng, victim, 4)
    struct.pack_into("<I", data, position, (rng.randrange(len(data)) - position) & 0xFFFFFFFF)


def rewrite_half_word(rng: random.Random, data: bytearray, victim: Victim) -> None:
    """Replace aligned 16-bit words, as vtables have them."""
    for _ in range(rng.randint(1, 4)):
        struct.pack_into("<H", data, _aligned(rng, victim, 2), rng.choice(INTERESTING) & 0xFFFF)


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


def mutate(rng: random.Random, victim: Victim) -> tuple[bytes, str]:
    """The model with one kind of damage, and that kind's name."""
    mutation = rng.choice(MUTATIONS)
    damaged = bytearray(victim.data)
    mutation(rng, damaged, victim)
    return bytes(damaged), mutation.__name__


def _place(rng: random.Random, victim: Victim) -> int:
    """A position: mostly where the reader looks, now and then anywhere."""
    return rng.randrange(len(victim.data)) if rng.random() < 0.1 else rng.choice(victim.places)


def _aligned(rng: random.Random, victim: Victim, size: int) -> int:
    return min(_place(rng, victim), len(victim.data) - size) // size * size
