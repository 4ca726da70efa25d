"""The hook by which plugins register drivers.

A distribution names a module (or object) in its entry points, group `npu_hal`; pluggy finds the hook in it::

    [project.entry-points.npu_hal]
    mychip = "mychip_npu.plugin"

    # mychip_npu/plugin.py
    from npu_hal.api import hookimpl

    @hookimpl
    def npu_hal_drivers():
        return [MyChipDriver()]
"""

from collections.abc import Sequence

import pluggy

from npu_hal.api.driver import Driver

PLUGIN_GROUP = "npu_hal"

hookspec = pluggy.HookspecMarker(PLUGIN_GROUP)
hookimpl = pluggy.HookimplMarker(PLUGIN_GROUP)


@hookspec
def npu_hal_drivers() -> Sequence[Driver]:  # type: ignore[empty-body]
    """The drivers of this plugin. Called once, when drivers are looked for; must be quick and touch no hardware."""
