"""How fast the software driver can be here: processor, code generator, cache of generated code."""

import importlib
import os
import platform
from collections.abc import Iterator

from npu_hal.api import Finding, FindingStatus, Support
from npu_hal_software.levels import JIT_MODULE


def diagnose() -> Iterator[Finding]:
    """Whether machine code is generated, for which instructions, and whether it is kept."""
    try:
        available: Support = importlib.import_module(JIT_MODULE).available()
    except ImportError as error:
        available = Support.no(f"{error.name or 'a part of it'} cannot be imported: {error}")
    if not available:
        yield Finding(
            "code generator",
            FindingStatus.WARNING,
            f"operations run as numpy definitions, which is slow: {available.reason}",
            "install npu-hal[jit] on x86-64 or 64-bit Arm",
        )
        return
    from npu_hal_software.jit.tiers import TIERS, choose_tier, cpu_model, runs_here

    tier = choose_tier()
    better = [other.name for other in TIERS if other.flags > tier.flags and not runs_here(other)]
    yield Finding(
        "processor",
        FindingStatus.OK if tier.flags else FindingStatus.WARNING,
        f"{platform.machine()} ({cpu_model().strip('-')}); code is generated for {tier.name}"
        + (f", as the processor has not what {', '.join(better)} needs" if better else ""),
        "" if tier.flags else "nothing; processors with AVX2 or Arm's dot product are several times faster",
    )
    yield _cache()


def _cache() -> Finding:
    from npu_hal_software.jit import object_cache
    from npu_hal_software.jit.compiler import cache_key
    from npu_hal_software.jit.tiers import choose_tier

    folder = object_cache.cache_folder()
    check = "kernel cache"
    files = list(folder.glob("*.o")) if folder.is_dir() else []
    size = sum(file.stat().st_size for file in files)
    is_warm = object_cache.load(cache_key(choose_tier(), "exact")) is not None
    contents = f"{folder} holds {len(files)} files, {size / 1024:.0f} KiB"
    parent = next(path for path in (folder, *folder.parents) if path.exists() or path.is_symlink())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        return Finding(
            check,
            FindingStatus.WARNING,
            f"{folder} cannot be written, so kernels may be generated anew by each process",
            f"set {object_cache.FOLDER_VARIABLE} to a folder that can be written",
        )
    state = "kernels for this processor are ready" if is_warm else "the first use generates kernels, for some seconds"
    return Finding(check, FindingStatus.OK, f"{contents}; {state}")
