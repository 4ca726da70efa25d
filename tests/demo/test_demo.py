"""The demo classifies its image through libteflon.so, and says so if it cannot."""

import os
import subprocess
import sys
from pathlib import Path

from .. import digits_models

DEMO = digits_models.FOLDER.parent / "demo.py"


def run_demo(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TEFLON_")}
    return subprocess.run(
        [sys.executable, str(DEMO), *(str(argument) for argument in arguments)],
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_prints_what_the_readme_shows() -> None:
    done = run_demo()
    assert done.returncode == 0, done.stderr
    readme = (DEMO.parent.parent / "README.md").read_text()
    assert done.stdout.splitlines()[-1] == "the digit is: 7"
    for line in done.stdout.splitlines():
        assert f"    {line}\n" in readme


def test_another_image_can_be_given() -> None:
    done = run_demo(digits_models.sample(2))
    assert done.stdout.endswith("outputs are identical\nthe digit is: 2\n")


def test_failures_are_told_without_a_traceback(tmp_path: Path) -> None:
    for done in (run_demo(tmp_path / "none.png"), run_demo(TEFLON_DRIVER="nonesuch")):
        assert done.returncode == 1
        assert "demo: " in done.stderr
        assert "Traceback" not in done.stderr
