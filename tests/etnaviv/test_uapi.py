"""The ctypes structures against the C compiler's view of the kernel's header."""

import ctypes
import json
import subprocess
from pathlib import Path

import pytest

from npu_hal_etnaviv.kernel.drm import uapi

STRUCTURES: dict[str, type[ctypes.Structure]] = {
    "drm_version": uapi.Version,
    "drm_gem_close": uapi.GemClose,
    "drm_etnaviv_timespec": uapi.Timespec,
    "drm_etnaviv_param": uapi.GetParam,
    "drm_etnaviv_gem_new": uapi.GemNew,
    "drm_etnaviv_gem_info": uapi.GemInfo,
    "drm_etnaviv_gem_cpu_prep": uapi.GemCpuPrep,
    "drm_etnaviv_gem_cpu_fini": uapi.GemCpuFini,
    "drm_etnaviv_gem_submit_bo": uapi.GemSubmitBo,
    "drm_etnaviv_gem_submit": uapi.GemSubmit,
    "drm_etnaviv_wait_fence": uapi.WaitFence,
}

PLAIN_DRM = (uapi.Ioctl.VERSION, uapi.Ioctl.GEM_CLOSE)

REQUESTS = {
    request: f"DRM_IOCTL_{request.name}" if request in PLAIN_DRM else f"DRM_IOCTL_ETNAVIV_{request.name}"
    for request in uapi.Ioctl
}

SYSTEM_HEADERS = (Path("/usr/include/libdrm/etnaviv_drm.h"), Path("/usr/include/drm/etnaviv_drm.h"))
OWN_HEADER = Path(__file__).parent / "shim" / "etnaviv_drm.h"


def field_names(structure: type[ctypes.Structure]) -> list[str]:
    return [str(entry[0]) for entry in structure._fields_]


def headers() -> list[Path]:
    return [OWN_HEADER, *(header for header in SYSTEM_HEADERS if header.exists())]


@pytest.mark.parametrize("header", headers(), ids=str)
def test_sizes_offsets_and_requests_are_those_of_the_header(header: Path, tmp_path: Path) -> None:
    lines = []
    for name, structure in STRUCTURES.items():
        lines.append(f'printf("\\"{name}\\": [%zu", sizeof(struct {name}));')
        for field in field_names(structure):
            lines.append(f'printf(", %zu", offsetof(struct {name}, {field}));')
            lines.append(f'printf(", %zu", sizeof(((struct {name} *)0)->{field}));')
        lines.append('printf("], ");')
    for name in REQUESTS.values():
        lines.append(f'printf("\\"{name}\\": %lu, ", (unsigned long){name});')
    source = tmp_path / "layout.c"
    program = tmp_path / "layout"
    source.write_text(
        f'#include <stddef.h>\n#include <stdio.h>\n#include "{header}"\nint main(void)\n{{\nprintf("{{");\n'
        + "\n".join(lines)
        + '\nprintf("\\"end\\": 0}");\nreturn 0;\n}\n'
    )
    includes = [f"-I{folder}" for folder in ("/usr/include/libdrm", "/usr/include/drm") if Path(folder).is_dir()]
    subprocess.run(["cc", *includes, "-o", str(program), str(source)], check=True)
    layout = json.loads(subprocess.run([str(program)], capture_output=True, check=True).stdout)
    for name, structure in STRUCTURES.items():
        expected = [ctypes.sizeof(structure)]
        for field in field_names(structure):
            descriptor = getattr(structure, field)
            expected += [descriptor.offset, descriptor.size]
        assert layout[name] == expected, name
    for request, name in REQUESTS.items():
        assert layout[name] == request, name


def test_the_numbers_are_those_of_the_kernels_documentation() -> None:
    assert int(uapi.Ioctl.GEM_SUBMIT) == 0xC0486446
    assert int(uapi.Ioctl.WAIT_FENCE) == 0x40206447
    assert int(uapi.Ioctl.GET_PARAM) == 0xC0106440
