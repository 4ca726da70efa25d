"""Finding NPUs among render nodes, and the words for finding none."""

import errno
from pathlib import Path

import pytest

from npu_hal_etnaviv.kernel.drm.render_node import find_nodes
from tests.etnaviv.fake_kernel import GC7000, FakeKernel, FakeNode, build_shim, npu

SCRIPT = """
import json
from npu_hal_etnaviv.hardware.npu_core import npu_core_identified
from npu_hal_etnaviv.kernel.drm.render_node import find_nodes
search = find_nodes(lambda identity: npu_core_identified(*identity) is not None)
print(json.dumps({
    "found": [[node.path.name, node.pipe, list(node.identity)] for node in search.found],
    "rejected": [[node.path.name, node.rejection.name] for node in search.rejected],
    "reason": search.missing_reason(),
}))
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


def search(folder: Path, shim: Path, **nodes: FakeNode) -> dict[str, object]:
    with FakeKernel(folder, shim, nodes) as kernel:
        result: dict[str, object] = kernel.run("-c", SCRIPT)
    return result


def test_the_npu_is_found_on_whatever_node_and_pipe_it_is(tmp_path: Path, shim: Path) -> None:
    result = search(
        tmp_path,
        shim,
        renderD128=FakeNode(cores=(GC7000,)),
        renderD129=FakeNode(driver="panfrost", version=(1, 2)),
        renderD130=FakeNode(cores=(GC7000, npu("imx8mp"))),
    )
    assert result["found"] == [["renderD130", 1, list(npu("imx8mp"))]]
    assert result["rejected"] == [["renderD128", "ONLY_A_GPU"], ["renderD129", "OTHER_DRIVER"]]


@pytest.mark.parametrize(
    ("node", "rejection", "words"),
    [
        (FakeNode(cores=(GC7000,)), "ONLY_A_GPU", ["GPU", "0x7000"]),
        (FakeNode(open_error=errno.EACCES), "PERMISSION", ["group render", "video", "usermod"]),
        (FakeNode(version=(1, 3)), "KERNEL_TOO_OLD", ["1.3", "1.4", "Linux 6.7"]),
        (FakeNode(softpin=False), "NO_SOFTPIN", ["softpin"]),
        (FakeNode(driver="amdgpu", version=(3, 54)), "OTHER_DRIVER", ["amdgpu"]),
        (FakeNode(open_error=errno.EBUSY), "UNREADABLE", ["busy"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_node_of_no_use_is_rejected_in_words(
    tmp_path: Path, shim: Path, node: FakeNode, rejection: str, words: list[str]
) -> None:
    result = search(tmp_path, shim, renderD128=node)
    assert result["found"] == []
    assert result["rejected"] == [["renderD128", rejection]]
    for word in ["renderD128", "emulator:a311d", *words]:
        assert word in str(result["reason"])


def test_without_any_node_the_module_is_named(tmp_path: Path) -> None:
    reason = find_nodes(lambda identity: True, tmp_path / "none").missing_reason()
    for word in ("modprobe etnaviv", "device tree", "emulator:a311d", str(tmp_path)):
        assert word in reason


def test_a_file_that_is_no_drm_device_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "renderD128").touch()
    rejected = find_nodes(lambda identity: True, tmp_path).rejected
    assert [node.reason for node in rejected] == ["it is no DRM device"]


def test_a_forbidden_node_of_another_driver_is_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, sysfs = tmp_path / "dri", tmp_path / "drm"
    nodes.mkdir()
    for name, driver in (("renderD128", "i915"), ("renderD129", "etnaviv-gpu"), ("renderD130", "")):
        (nodes / name).touch()
        if driver:
            (tmp_path / driver).mkdir()
            (sysfs / name / "device").mkdir(parents=True)
            (sysfs / name / "device" / "driver").symlink_to(tmp_path / driver)

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("npu_hal_etnaviv.kernel.drm.render_node.DEFAULT_FOLDER", nodes)
    monkeypatch.setattr("npu_hal_etnaviv.kernel.drm.render_node.SYSFS_DRM", sysfs)
    monkeypatch.setattr("os.open", refuse)
    search = find_nodes(lambda identity: True, nodes)
    rejections = {node.path.name: node.rejection.name for node in search.rejected}
    assert rejections == {"renderD128": "OTHER_DRIVER", "renderD129": "PERMISSION", "renderD130": "PERMISSION"}
    assert "i915" in search.rejected[0].reason
