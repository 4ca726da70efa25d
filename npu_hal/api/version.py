"""The version of the driver interface.

A change of the major number breaks drivers; a change of the minor number only adds. A driver states
the version that it was written for, and the registry compares.
"""

from typing import NamedTuple


class ApiVersion(NamedTuple):
    """A version of the interface: ``major`` breaks, ``minor`` adds."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def accepts(self, driver: "ApiVersion") -> bool:
        """Whether a driver written for version `driver` runs under this one: same major, no newer minor."""
        return driver.major == self.major and driver.minor <= self.minor


API_VERSION = ApiVersion(1, 1)
