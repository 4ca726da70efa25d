"""What the encoders of both generations return."""

from dataclasses import dataclass

from npu_hal_etnaviv.coefficients.bit_packing import ByteArray


@dataclass(frozen=True, slots=True)
class EncodedCoefficients:
    """A coefficient buffer: its bytes (uint8), and the aligned sizes of the core streams in it."""

    data: ByteArray
    stream_bytes: tuple[int, ...]

    @property
    def v7_cached_bytes(self) -> int:
        """What the streams take in on-chip memory on V7: each core as much as the largest."""
        return max(self.stream_bytes) * len(self.stream_bytes)
