"""Virtual environments for a test to install into, with what this one has beneath."""

import sys
import sysconfig
import venv
from pathlib import Path

_LAUNCHER = """#!{python}
import sys
from importlib.metadata import entry_points

(program,) = entry_points(group="console_scripts", name="{name}")
sys.exit(program.load()())
"""


def make_environment(folder: Path, *, pip: bool = False, npu_hal: bool = True) -> Path:
    """A virtual environment that finds this one's packages after its own; returns its folder of programs.

    pip: whether it has a pip of its own. This one's pip would install into this one.
    npu_hal: whether it finds npu-hal and pytest as they are installed here, as programs too.
    """
    venv.create(folder, with_pip=pip, symlinks=True)
    beneath = Path(sysconfig.get_path("purelib"))
    in_place = sorted(beneath.glob("__editable__*.pth")) if npu_hal else []
    # Plain lines, which pip knows to leave out where it isolates builds.
    lines = [str(beneath), *(path.read_text().strip() for path in in_place)]
    (site_packages(folder) / "beneath.pth").write_text("".join(f"{line}\n" for line in lines))
    programs = folder / "bin"
    for name in ("npu-hal", "pytest") if npu_hal else ():
        launcher = programs / name
        launcher.write_text(_LAUNCHER.format(python=programs / "python", name=name))
        launcher.chmod(0o755)
    return programs


def site_packages(folder: Path) -> Path:
    """Where the packages of a virtual environment are."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return folder / "lib" / version / "site-packages"
