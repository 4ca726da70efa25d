"""Builds the shared libraries that C programs load; everything else about the distribution is in pyproject.toml.

Each library is a plain C stub that finds Python at run time, so one build serves every Python version. Without a C
compiler they are left out, and the Python interfaces work as ever.
"""

import json
import os
import sys
from pathlib import PurePosixPath

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

BRIDGE = ["frontends/python_bridge/python_bridge.c", "frontends/python_bridge/libpython.c"]
BRIDGE_HEADERS = ["frontends/python_bridge/python_bridge.h", "frontends/python_bridge/libpython.h"]


def stub(package: str, library: str, source: str) -> Extension:
    """The extension that is built from `source` and the bridge to Python into `package`, as `library`.so."""
    return Extension(
        f"{package}.{library}",
        sources=[source, *BRIDGE],
        depends=BRIDGE_HEADERS,
        libraries=["dl", "pthread"],
        optional=True,
    )


class BuildStubs(build_ext):
    """Builds the stubs as plain shared libraries, which no Python imports."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(PurePosixPath(*fullname.split(".")).with_suffix(".so"))

    def get_export_symbols(self, ext: Extension) -> list[str]:
        return []

    def get_libraries(self, ext: Extension) -> list[str]:
        return ext.libraries

    def build_extensions(self) -> None:
        # The flags that this Python was built with are no business of a library that serves all of them.
        compiler = os.environ.get("CC", "cc")
        compile_flags = os.environ.get("CFLAGS", "-O2")
        link_flags = os.environ.get("LDFLAGS", "")
        self.compiler.set_executables(
            compiler_so=f"{compiler} {compile_flags} -std=gnu11 -fPIC -fvisibility=hidden",
            linker_so=f"{compiler} -shared {link_flags} -Wl,--as-needed",
        )
        super().build_extensions()

    def build_extension(self, ext: Extension) -> None:
        # A library in the source tree lies in no environment that it could find its interpreter by.
        if self.inplace or getattr(self, "editable_mode", False):
            ext.define_macros = [*ext.define_macros, ("NPU_HAL_PYTHON", json.dumps(sys.executable))]
        super().build_extension(ext)


class PlatformWheel(bdist_wheel):
    """Tags the wheel for any Python 3 of one platform."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


setup(
    ext_modules=[
        stub("teflon", "libteflon", "frontends/tflite_delegate/libteflon.c"),
        stub("npu_hal_nnapi", "libneuralnetworks", "frontends/nnapi_shim/libneuralnetworks.c"),
    ],
    cmdclass={"build_ext": BuildStubs, "bdist_wheel": PlatformWheel},
)
