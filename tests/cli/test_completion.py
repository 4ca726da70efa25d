"""Completion in shells."""

import pytest

from tests.cli.conftest import CommandLine


def complete(program: CommandLine, words: str) -> list[str]:
    """What bash is offered for the last of the words."""
    variables = {"_NPU_HAL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return program(**variables).out.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("npu-hal ins", ["inspect"]),
        ("npu-hal inspect --ht", ["--html"]),
        ("npu-hal run --driver soft", ["software"]),
        ("npu-hal run --driver trace+etn", ["trace+etnaviv"]),
        ("npu-hal run --driver etnaviv --device emulator:a31", ["emulator:a311d"]),
        ("npu-hal replay trace --driver soft", ["software"]),
        ("npu-hal conformance etna", ["etnaviv"]),
        ("npu-hal bench model.tflite --driver soft", ["software"]),
        ("npu-hal run --driver nonesuch --device c", []),
    ],
)
def test_words(words: str, offered: list[str], program: CommandLine) -> None:
    assert complete(program, words) == offered


@pytest.mark.parametrize(("shell", "function"), [("bash", "complete -o default"), ("zsh", "#compdef npu-hal")])
def test_scripts_can_be_shown(shell: str, function: str, program: CommandLine) -> None:
    # Without that, the shell above the test would be found instead of the one that is named.
    done = program("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.code == 0
    assert function in done.out
