"""Why there is no NPU, or that there is one: the kernel, its module, the render nodes, and who may open them."""

import grp
import os
import platform
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

from npu_hal.api import Finding, FindingStatus
from npu_hal_etnaviv.kernel.devices import core_of, find_npus
from npu_hal_etnaviv.kernel.drm.render_node import EMULATOR_ADVICE, NodeSearch, RejectedNode, Rejection

MODULE = "etnaviv"
MINIMUM_KERNEL = (6, 7)
"""The first mainline release that lets userspace drive the A311D's NPU; the i.MX 8M Plus needs 6.8."""

_DEVICE_TREE_ADVICE = (
    "use a device tree that enables the NPU's node (in mainline: Linux 6.7 for the A311D, 6.8 for the i.MX 8M Plus)"
)


def diagnose(sysfs: Path = Path("/sys"), proc: Path = Path("/proc")) -> Iterator[Finding]:
    """Findings in the order in which things have to work.

    Nodes that `EtnavivDriver.probe` reports, as NPUs or as promising, are not told again but for what was identified.
    """
    search = find_npus()
    is_there = bool(search.found) or any(_is_etnaviv(node) for node in search.rejected)
    yield _kernel()
    yield _module(is_there, sysfs, proc)
    yield _nodes(search)
    for node in search.found:
        core = core_of(node.identity)
        yield _ok("chip", f"{node.path} pipe {node.pipe} is {core.name}: {core.vendor} {core.product}, {node.identity}")
    for rejected in search.rejected:
        yield _rejected(rejected)
    yield from _groups(search)


def _kernel() -> Finding:
    release = platform.release()
    numbers = re.match(r"(\d+)\.(\d+)", release)
    if platform.system() != "Linux" or numbers is None:
        return _warning("kernel", f"{platform.system()} {release} has no etnaviv driver", EMULATOR_ADVICE)
    if (int(numbers[1]), int(numbers[2])) < MINIMUM_KERNEL:
        minimum = ".".join(map(str, MINIMUM_KERNEL))
        return _warning("kernel", f"Linux {release} is older than {minimum}", f"use Linux {minimum} or newer")
    return _ok("kernel", f"Linux {release} is new enough")


def _module(is_there: bool, sysfs: Path, proc: Path) -> Finding:
    check = f"kernel module {MODULE}"
    if is_there:
        return _ok(check, "it serves a render node")
    try:
        loaded = any(line.split()[:1] == [MODULE] for line in (proc / "modules").read_text().splitlines())
        has_modules = True
    except OSError:
        loaded = has_modules = False
    if loaded or (sysfs / "module" / MODULE).exists() or (sysfs / "bus/platform/drivers" / MODULE).exists():
        return _warning(check, "it is loaded, but serves no render node", _DEVICE_TREE_ADVICE)
    if not has_modules:
        return _warning(
            check,
            "it is not there, and this kernel has no loadable modules",
            f"use a kernel with it; {EMULATOR_ADVICE}",
        )
    return _warning(check, "it is not loaded", f"on a board with an NPU: `sudo modprobe {MODULE}`; {EMULATOR_ADVICE}")


def _nodes(search: NodeSearch) -> Finding:
    check = "render nodes"
    paths = [*(str(node.path) for node in search.found), *(str(node.path) for node in search.rejected)]
    if search.found:
        return _ok(check, f"{', '.join(dict.fromkeys(paths))}; NPUs: {len(search.found)}")
    if paths:
        return _warning(check, f"none of {', '.join(dict.fromkeys(paths))} is a usable NPU", EMULATOR_ADVICE)
    return _warning(check, f"{search.folder} holds none", f"{_DEVICE_TREE_ADVICE}; {EMULATOR_ADVICE}")


def _rejected(node: RejectedNode) -> Finding:
    check = f"node {node.path.name}"
    if node.rejection is Rejection.OTHER_DRIVER:
        return _ok(check, node.reason)
    advice = _DEVICE_TREE_ADVICE if node.rejection is Rejection.ONLY_A_GPU else ""
    return _warning(check, node.reason, advice)


def _groups(search: NodeSearch) -> Iterator[Finding]:
    """Whether the user is in the groups that own the nodes."""
    nodes = {node.path for node in search.found} | {node.path for node in search.rejected}
    owners: dict[int, list[str]] = {}
    for path in sorted(nodes):
        try:
            owners.setdefault(path.stat().st_gid, []).append(path.name)
        except OSError:
            continue
    mine = {os.getegid(), *os.getgroups()}
    for group, names in owners.items():
        name = _group_name(group)
        check = f"group {name}"
        whose = f"owns {', '.join(names)}"
        forbidden = any(node.rejection is Rejection.PERMISSION and node.path.name in names for node in search.rejected)
        if group in mine:
            yield _ok(check, f"{whose}, and this process is in it")
        elif not forbidden:
            yield _ok(check, f"{whose}; this process is not in it, but may open what it needs")
        elif _is_member(group):
            yield _warning(check, f"{whose}; the user is in it, but was not when logging in", "log in again")
        else:
            yield _warning(
                check, f"{whose}, and this user is not in it", f"`sudo usermod -aG {name} $USER`, log in again"
            )


def _group_name(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def _is_member(group: int) -> bool:
    """Whether the user database has this user in a group, whatever the process has."""
    try:
        user = pwd.getpwuid(os.getuid())
        return group == user.pw_gid or user.pw_name in grp.getgrgid(group).gr_mem
    except KeyError:
        return False


def _is_etnaviv(node: RejectedNode) -> bool:
    """Whether the node answered as one of the etnaviv driver's."""
    return node.rejection in (Rejection.ONLY_A_GPU, Rejection.KERNEL_TOO_OLD, Rejection.NO_SOFTPIN)


def _ok(check: str, observation: str) -> Finding:
    return Finding(check, FindingStatus.OK, observation)


def _warning(check: str, observation: str, advice: str = "") -> Finding:
    return Finding(check, FindingStatus.WARNING, observation, advice)
