"""What the layouts of core streams have in common, whatever their code."""

from dataclasses import dataclass, fields

from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """A convolution's streams as the job's config describes them.

    Raises CoefficientStreamError if a size is not positive.
    superblock_kernels: kernels of a core in each superblock but the last (`kernels_per_core`
    of the config).
    """

    output_channels: int
    input_channels: int
    kernel_height: int
    kernel_width: int
    cores: int
    superblock_kernels: int

    def __post_init__(self) -> None:
        for field in fields(StreamLayout):
            size = getattr(self, field.name)
            if size < 1:
                raise CoefficientStreamError(f"{field.name} is {size}, but must be positive")

    @property
    def cores_used(self) -> int:
        """Cores that have a stream."""
        return min(self.output_channels, self.cores)

    @property
    def kernel_weights(self) -> int:
        """Weights of one kernel."""
        return self.input_channels * self.kernel_height * self.kernel_width
