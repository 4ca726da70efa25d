"""Quantities as people read them."""

import math


def show_bytes(count: int) -> str:
    """Bytes with a binary unit: ``1.5 KiB``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


def show_count(count: int) -> str:
    """A count with a decimal unit: ``569 M``."""
    value = float(count)
    for unit in ("", "k", "M", "G"):
        if value < 999.5 or unit == "G":
            digits = 0 if value >= 100 or not unit else 1
            return f"{value:.{digits}f} {unit}".strip()
        value /= 1000
    raise AssertionError


def show_seconds(seconds: float | None) -> str:
    """Milliseconds or microseconds; a dash for none."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if 0 < seconds < 0.5e-6:
        return "< 1 µs"
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def show_share(part: float, whole: float) -> str:
    """A percentage that is neither 0 nor 100 unless exactly so; a dash of nothing."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"


def show_positions(positions: tuple[int, ...], limit: int = 12) -> str:
    """Ascending positions with runs joined: ``0-3, 7``; after `limit` runs the rest is counted."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs[:limit])
    rest = sum(last - first + 1 for first, last in runs[limit:])
    return f"{shown} and {rest} more" if rest else shown
