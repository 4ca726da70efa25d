"""Options of a delegate, as runtimes pass them: names and values, all text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from npu_hal.api import Driver, InvalidOption

_OWN = ("driver", "device")
_PREFIX = "driver."


@dataclass(frozen=True, slots=True)
class DelegateOptions:
    """What a delegate was asked to use; `rest` is for the driver, once it is known which one that is."""

    driver: str | None = None
    device: str | None = None
    rest: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> "DelegateOptions":
        """Tell `driver` and `device` from the driver's options."""
        rest = {name: value for name, value in options.items() if name not in _OWN}
        return cls(options.get("driver") or None, options.get("device") or None, rest)

    def driver_options(self, driver: Driver) -> dict[str, str]:
        """The options for `driver`: each by its own name, or by that name after ``driver.``.

        The longer form reaches an option that is named as one of the delegate's. Raises `InvalidOption` for a name
        that is neither the delegate's nor the driver's, or that is given in both forms.
        """
        known = {option.name for option in driver.options}
        chosen: dict[str, str] = {}
        for given, value in self.rest.items():
            name = given.removeprefix(_PREFIX) if given not in known else given
            if name not in known:
                names = ", ".join([*_OWN, *sorted(known)])
                raise InvalidOption(
                    f"the delegate has no option {given!r}; its options with driver {driver.name} are: {names}"
                )
            if name in chosen:
                raise InvalidOption(
                    f"option {name} of driver {driver.name} is given twice, as {name} and {_PREFIX}{name}"
                )
            chosen[name] = value
        return chosen
