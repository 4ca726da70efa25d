"""``npu-hal devices``: what drivers are installed and what devices they have."""

import logging
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from npu_hal.api import API_VERSION, DeviceInfo, DeviceKind, Driver
from npu_hal.cli.printing import console, print_json, table
from npu_hal.registry import Registry


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List installed drivers, their devices and options, and plugins that cannot be used."""
    # Rejected plugins are part of the list; the registry's warnings would say the same again.
    logging.getLogger("npu_hal.registry").setLevel(logging.ERROR)
    registry = Registry.discover()
    listing = _listing(registry)
    if as_json:
        print_json(listing)
    else:
        _print_tables(listing)


def _listing(registry: Registry) -> dict[str, Any]:
    return {
        "api_version": str(API_VERSION),
        "drivers": [_describe_driver(driver, registry.owner(name)) for name, driver in registry.drivers.items()],
        "rejected": [
            {
                "plugin": plugin.entry_point,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "error": str(plugin.error),
            }
            for plugin in registry.rejected
        ],
    }


def _describe_driver(driver: Driver, owner: str) -> dict[str, Any]:
    return {
        "name": driver.name,
        "distribution": owner,
        "api_version": ".".join(str(part) for part in driver.api_version),
        "devices": [
            {
                "name": info.name,
                "kind": str(info.kind),
                "description": info.description,
                "usable": info.is_usable,
                "problem": info.problem,
                "details": dict(info.details),
            }
            for info in _probe(driver)
        ],
        "options": [
            {
                "name": option.name,
                "description": option.description,
                "default": option.default,
                "choices": list(option.choices),
            }
            for option in driver.options
        ],
    }


def _probe(driver: Driver) -> Sequence[DeviceInfo]:
    try:
        return driver.probe()
    # Drivers promise not to raise here; one that does is not to hide the others.
    except Exception as error:
        return [DeviceInfo("?", DeviceKind.NPU, "unknown", f"the driver failed to look: {error!r}")]


def _print_tables(listing: dict[str, Any]) -> None:
    out = console()
    found = table("driver", "device", "kind", "usable", "description")
    for driver in listing["drivers"]:
        for device in driver["devices"]:
            state = f"no: {device['problem']}" if device["problem"] else "yes"
            found.add_row(driver["name"], device["name"], device["kind"], state, device["description"])
        if not driver["devices"]:
            found.add_row(driver["name"], "-", "-", "no device found", "")
    out.print(found)
    options = table("driver", "option", "default", "choices", "description")
    for driver in listing["drivers"]:
        for option in driver["options"]:
            choices = ", ".join(option["choices"]) or "any"
            options.add_row(driver["name"], option["name"], option["default"], choices, option["description"])
    if options.row_count:
        out.print()
        out.print(options)
    if listing["rejected"]:
        out.print("\nPlugins that cannot be used:")
        for plugin in listing["rejected"]:
            out.print(f"  {plugin['error']}")
