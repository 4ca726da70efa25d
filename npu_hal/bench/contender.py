"""What is compared: a driver with a device and options, or another runtime."""

from dataclasses import dataclass, field
from typing import Any

from npu_hal.api import InvalidOption

LITERT = "litert"


@dataclass(frozen=True, slots=True)
class Contender:
    """A driver, one of its devices and options for it; or, with `runtime`, another runtime.

    `threads` is how many the contender may use: None leaves it to the contender.
    """

    driver: str | None = None
    device: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    runtime: str | None = None
    threads: int | None = None

    @classmethod
    def parse(cls, text: str, threads: int | None) -> "Contender":
        """``DRIVER[/DEVICE][,OPTION=VALUE]...``; raises `InvalidOption`."""
        name, *pairs = text.split(",")
        driver, _, device = name.partition("/")
        options = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not key or not equals:
                raise InvalidOption(f"a contender is DRIVER[/DEVICE][,OPTION=VALUE]..., not {text!r}")
            options[key] = value
        if not driver:
            raise InvalidOption(f"a contender is DRIVER[/DEVICE][,OPTION=VALUE]..., not {text!r}")
        return cls(driver, device or None, options, threads=threads)

    @property
    def label(self) -> str:
        """What it is called in tables."""
        if self.runtime is not None:
            return self.runtime
        options = "".join(f",{key}={value}" for key, value in self.options.items())
        return f"{self.driver or 'default'}{'/' + self.device if self.device else ''}{options}"

    def as_data(self) -> dict[str, Any]:
        """As plain data, from which ``Contender(**data)`` makes it again."""
        return {
            "driver": self.driver,
            "device": self.device,
            "options": self.options,
            "runtime": self.runtime,
            "threads": self.threads,
        }
