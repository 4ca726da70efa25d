"""The cache of compiled kernels: whole files are used, anything else is compiled anew."""

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from npu_hal.api import FindingStatus
from npu_hal_software.diagnosis import diagnose
from npu_hal_software.jit import compiler, object_cache
from npu_hal_software.jit.tiers import choose_tier

TIER = "generic"
PAYLOAD = b"\x7fELF and so on"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and no other."""
    path = tmp_path / "cache"
    monkeypatch.setenv(object_cache.FOLDER_VARIABLE, str(path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(compiler, "_loaded", {})
    return path


def test_what_is_stored_is_loaded(folder: Path) -> None:
    assert object_cache.load("key") is None
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") == PAYLOAD
    assert [path.name for path in folder.iterdir()] == ["key.o"]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"npu-hal-jit-1\n", b"npu-hal-jit-1\n" + bytes(32) + PAYLOAD])
def test_damaged_files_count_as_absent(folder: Path, damage: bytes) -> None:
    object_cache.store("key", PAYLOAD)
    (folder / "key.o").write_bytes(damage)
    assert object_cache.load("key") is None
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") == PAYLOAD


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    obstacle = tmp_path / "file"
    obstacle.write_text("not a folder")
    monkeypatch.setenv(object_cache.FOLDER_VARIABLE, str(obstacle / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") == PAYLOAD


def test_no_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    obstacle = tmp_path / "file"
    obstacle.write_text("not a folder")
    monkeypatch.setenv(object_cache.FOLDER_VARIABLE, str(obstacle / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(obstacle))
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") is None


def test_kernels_are_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = choose_tier(TIER)
    assert not compiler.load_kernels(tier, "exact").from_cache
    monkeypatch.setattr(compiler, "_loaded", {})
    assert compiler.load_kernels(tier, "exact").from_cache
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0


def test_a_foreign_object_is_compiled_again(folder: Path) -> None:
    tier = choose_tier(TIER)
    object_cache.store(compiler.cache_key(tier, "exact"), b"no object of any kind")
    assert not compiler.load_kernels(tier, "exact").from_cache


def test_processes_that_start_together(folder: Path) -> None:
    program = (
        "from npu_hal_software.jit.compiler import load_kernels\n"
        "from npu_hal_software.jit.tiers import choose_tier\n"
        f"load_kernels(choose_tier({TIER!r}), 'exact')"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    assert len(list(folder.iterdir())) == 1


def test_keys_tell_tiers_and_roundings_apart() -> None:
    generic, best = choose_tier(TIER), choose_tier()
    keys = {compiler.cache_key(tier, rounding) for tier in (generic, best) for rounding in ("exact", "xnnpack")}
    assert len(keys) == (4 if best is not generic else 2)


def test_no_folder_for_temporary_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", refuse)
    assert object_cache.load("key") is None
    folder.write_text("not a folder")
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") is None
    monkeypatch.delenv(object_cache.FOLDER_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "~nobody-of-this-name/cache")
    object_cache.store("key", PAYLOAD)
    assert object_cache.load("key") is None


def test_a_full_disk_keeps_no_part_of_a_file(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        object_cache.store("key", bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(folder.iterdir()) == []
    assert object_cache.load("key") is None


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "key.o")
    assert object_cache.load("key") is None


def test_a_file_in_the_folders_place_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    obstacle = tmp_path / "file"
    obstacle.write_text("not a folder")
    monkeypatch.setenv(object_cache.FOLDER_VARIABLE, str(obstacle))
    (finding,) = (finding for finding in diagnose() if finding.check == "kernel cache")
    assert finding.status is FindingStatus.WARNING
    assert "cannot be written" in finding.observation
