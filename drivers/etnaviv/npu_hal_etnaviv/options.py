"""What a device of this driver can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from npu_hal.api import DriverOption, InvalidOption
from npu_hal_etnaviv.coefficients.compatibility import Compatibility

NONE = "none"
MESA = "mesa"

OPTIONS = (
    DriverOption(
        "compatible",
        "accept the operations that Mesa's driver accepts, and program them as it does, mistakes included",
        default=NONE,
        choices=(NONE, MESA),
    ),
    DriverOption("dump", "write each submit to a folder of its own within this one, new or empty", default=""),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one device, checked."""

    compatibility: Compatibility
    dump: Path | None

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> "Options":
        """Options from complete, known names and values; raises InvalidOption if the folder holds something."""
        compatibility = Compatibility.MESA if values["compatible"] == MESA else Compatibility.SMALLEST
        if not values["dump"]:
            return cls(compatibility, None)
        folder = Path(values["dump"])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            occupied = any(folder.iterdir())
        except OSError as error:
            raise InvalidOption(f"option dump: {folder} cannot be used as a folder: {error.strerror}") from None
        if occupied:
            raise InvalidOption(f"option dump: {folder} is not empty; name a new or empty folder")
        return cls(compatibility, folder)
