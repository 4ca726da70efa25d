"""The documentation's commands do what the pages show, in their order, in a scratch folder for each page."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from .. import digits_models
from ..scratch_environment import make_environment
from .pages import REPOSITORY, Block, Command, Page, commands, output_matches, pages

PAGES = pages()
RUNNING = [page for page in PAGES if any(block.language == "console" and not block.not_run for block in page.blocks)]
TIMEOUT_SECONDS = 600
INDENTED_COMMAND = re.compile(r" {4}.*\bnpu-hal [a-z]")


def _runs(block: Block) -> bool:
    return block.language == "console" and block.not_run is None


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with what pages take for granted: the examples, a model and a sound of the user's own."""
    folder = tmp_path / "npu-hal"
    ignore = shutil.ignore_patterns("*.egg-info", "build", "__pycache__")
    shutil.copytree(REPOSITORY / "examples", folder / "examples", ignore=ignore)
    (folder / "model.tflite").write_bytes(digits_models.model("uint8").read_bytes())
    with wave.open(str(folder / "speech.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(128))
    return folder


def _script(page: Page, workplace: Path, results: Path) -> tuple[str, list[Command]]:
    """A shell script that writes the page's files and runs its commands, each with its output to a file."""
    lines: list[str] = []
    run: list[Command] = []
    for number, block in enumerate(page.blocks):
        if _runs(block):
            for command in commands(block):
                name = shlex.quote(str(results / str(len(run))))
                lines.append(f"{{ {command.text}\n}} >{name}.out 2>&1 </dev/null; echo $? >{name}.code")
                run.append(command)
        elif block.title is not None:
            source = results / f"file-{number}"
            source.write_text(block.text)
            target = shlex.quote(str(workplace / block.title))
            lines.append(f'mkdir -p "$(dirname {target})" && cp {shlex.quote(str(source))} {target}')
    return "\n".join(lines), run


def _environment(programs: Path) -> dict[str, str]:
    """The user's, with these programs first, and none of npu-hal's variables that pages set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEFLON_")}
    return kept | {"PATH": f"{programs}:{kept.get('PATH', '')}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.path)
def test_commands_do_what_the_page_shows(page: Page, workplace: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    script, run = _script(page, workplace, results)
    programs = make_environment(tmp_path / "environment", pip=any("pip " in command.text for command in run))
    subprocess.run(
        ["bash", "-c", script],
        cwd=workplace,
        env=_environment(programs),
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    wrong = []
    for number, command in enumerate(run):
        output = (results / f"{number}.out").read_text()
        code = int((results / f"{number}.code").read_text())
        place = f"{page.path}:{command.line}: {command.text}"
        if code != command.exit_code:
            wrong.append(f"{place}\nended with {code} instead of {command.exit_code}:\n{output}")
        elif not command.printed_as_shown(output):
            wrong.append(f"{place}\nprinted:\n{output}")
    assert not wrong, "\n".join(wrong)


def test_every_command_of_npu_hal_is_shown_with_its_output() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "npu_hal.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split()[0] for line in helped.partition("Commands:\n")[2].splitlines() if line[2:3].strip()}
    assert {"devices", "run"} <= listed
    shown = set()
    for page in PAGES:
        for block in filter(_runs, page.blocks):
            for command in commands(block):
                words = command.text.split()
                if command.output and "npu-hal" in words[:-1]:
                    shown.add(words[words.index("npu-hal") + 1])
    assert listed <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_commands_stand_in_console_blocks(page: Page) -> None:
    outside = [f"{page.path}:{number}: {line}" for number, line in page.other_lines if INDENTED_COMMAND.match(line)]
    for block in page.blocks:
        if block.language != "console":
            lines = block.text.splitlines()
            outside += [f"{page.path}:{block.line}: {line}" for line in lines if line.startswith(("$ ", "npu-hal "))]
        else:
            assert commands(block), f"{page.path}:{block.line} is a console block without a command"
    assert not outside, "these commands are not run by any test; put them into a console block"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_python_can_be_parsed(page: Page) -> None:
    for block in page.blocks:
        if block.language == "python":
            compile(block.text, f"{page.path}:{block.line}", "exec")


def test_outputs_are_told_apart() -> None:
    assert output_matches("step  ms\n  0  1.25  \n", "step ms\n0 17.5\n")
    assert output_matches("a\nb\nc\nd\n", "a\n...\nd\n")
    assert output_matches("made in /tmp/x/y\n", "made in ...\n")
    assert output_matches("3 of 12 in 1.5 s\n", "2 of 9 in 0.25 s\n", numbers_vary=True)
    assert not output_matches("class 3\n", "class 7\n")
    assert not output_matches("3 of x\n", "2 of 9\n", numbers_vary=True)
    assert not output_matches("a\nd\n", "a\nb\nd\n")
    assert not output_matches("a\nb\n", "a\n")
