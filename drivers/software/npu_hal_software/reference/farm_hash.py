"""FarmHash's Fingerprint64, which never changes: the published algorithm, on Python's integers modulo 2**64.

Source: Geoff Pike, FarmHash (https://github.com/google/farmhash), namespace farmhashna.
"""

from struct import unpack_from

_MASK = 2**64 - 1
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F

_Pair = tuple[int, int]
_State = tuple[int, int, int, _Pair, _Pair]


def fingerprint64(data: bytes) -> int:
    """The fingerprint of `data` as an unsigned number of 64 bits."""
    length = len(data)
    if length <= 16:
        return _up_to_16(data, length)
    if length <= 32:
        return _up_to_32(data, length)
    if length <= 64:
        return _up_to_64(data, length)
    return _beyond_64(data, length)


def _fetch(data: bytes, offset: int) -> int:
    value: int = unpack_from("<Q", data, offset)[0]
    return value


def _fetch32(data: bytes, offset: int) -> int:
    value: int = unpack_from("<I", data, offset)[0]
    return value


def _rotate(value: int, count: int) -> int:
    value &= _MASK
    return (value >> count | value << (64 - count)) & _MASK


def _shift_mix(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _mix(u: int, v: int, multiplier: int) -> int:
    v &= _MASK
    a = _shift_mix((u ^ v) * multiplier)
    b = _shift_mix((v ^ a) * multiplier)
    return b * multiplier & _MASK


def _up_to_16(data: bytes, length: int) -> int:
    multiplier = _K2 + length * 2
    if length >= 8:
        a = _fetch(data, 0) + _K2
        b = _fetch(data, length - 8)
        return _mix(_rotate(b, 37) * multiplier + a, (_rotate(a, 25) + b) * multiplier, multiplier)
    if length >= 4:
        return _mix(length + (_fetch32(data, 0) << 3), _fetch32(data, length - 4), multiplier)
    if length > 0:
        y = data[0] + (data[length >> 1] << 8)
        z = length + (data[length - 1] << 2)
        return _shift_mix(y * _K2 ^ z * _K0) * _K2 & _MASK
    return _K2


def _up_to_32(data: bytes, length: int) -> int:
    multiplier = _K2 + length * 2
    a = _fetch(data, 0) * _K1
    b = _fetch(data, 8)
    c = _fetch(data, length - 8) * multiplier
    d = _fetch(data, length - 16) * _K2
    return _mix(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, multiplier)


def _up_to_64(data: bytes, length: int) -> int:
    multiplier = _K2 + length * 2
    a = _fetch(data, 0) * _K2
    b = _fetch(data, 8)
    c = _fetch(data, length - 8) * multiplier
    d = _fetch(data, length - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix(y, a + _rotate(b + _K2, 18) + c, multiplier)
    e = _fetch(data, 16) * multiplier
    f = _fetch(data, 24)
    g = (y + _fetch(data, length - 32)) * multiplier
    h = (z + _fetch(data, length - 24)) * multiplier
    return _mix(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, multiplier)


def _weak_pair(data: bytes, offset: int, a: int, b: int) -> _Pair:
    w, x, y, z = unpack_from("<4Q", data, offset)
    a += w
    b = _rotate(b + a + z, 21)
    c = a
    a += x + y
    b += _rotate(a, 44)
    return (a + z) & _MASK, (b + c) & _MASK


def _round(data: bytes, offset: int, state: _State, multiplier: int, weight: int) -> _State:
    """One round over 64 bytes; `weight` is 1 but in the last."""
    x, y, z, v, w = state
    x = _rotate(x + y + v[0] + _fetch(data, offset + 8), 37) * multiplier
    y = _rotate(y + v[1] + _fetch(data, offset + 48), 42) * multiplier
    x = (x ^ w[1] * weight) & _MASK
    y += v[0] * weight + _fetch(data, offset + 40)
    z = _rotate(z + w[0], 33) * multiplier
    v = _weak_pair(data, offset, v[1] * multiplier, x + w[0])
    w = _weak_pair(data, offset + 32, z + w[1], y + _fetch(data, offset + 16))
    return z & _MASK, y & _MASK, x, v, w


def _beyond_64(data: bytes, length: int) -> int:
    seed = 81
    y = (seed * _K1 + 113) & _MASK
    z = _shift_mix(y * _K2 + 113) * _K2 & _MASK
    x = (seed * _K2 + _fetch(data, 0)) & _MASK
    v: _Pair = (0, 0)
    w: _Pair = (0, 0)
    tail = (length - 1) & 63
    for offset in range(0, (length - 1) // 64 * 64, 64):
        x, y, z, v, w = _round(data, offset, (x, y, z, v, w), _K1, 1)
    multiplier = _K1 + ((z & 0xFF) << 1)
    w = (w[0] + tail, w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _round(data, length - 64, (x, y, z, v, w), multiplier, 9)
    first = _mix(v[0], w[0], multiplier) + _shift_mix(y) * _K0 + z
    return _mix(first, _mix(v[1], w[1], multiplier) + x, multiplier)
