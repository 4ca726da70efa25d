"""The error of decoding a coefficient buffer."""


class CoefficientStreamError(Exception):
    """A coefficient buffer cannot be decoded; `core` and `bit` (from the stream's start) tell where."""

    def __init__(self, reason: str, core: int | None = None, bit: int | None = None) -> None:
        self.reason = reason
        self.core = core
        self.bit = bit
        place = "coefficient header" if core is None else f"coefficient stream of core {core}"
        if bit is not None:
            place += f", bit {bit}"
        super().__init__(f"{place}: {reason}")
