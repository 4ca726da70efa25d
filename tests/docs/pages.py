"""The documentation's fenced blocks: commands with the output that they promise, and files.

A block in the language ``console`` holds commands, lines that start with ``$ ``, each followed by its output. What is
special about a block stands in HTML comments right before it::

    <!-- not run: needs a board -->       the reason why its commands cannot be run here
    <!-- exits with 1 -->                 the exit code of its last command, where that is not 0
    <!-- numbers vary -->                 any numbers will do in its outputs, such as counts that grow with the project

A block of any other language with ``title="NAME"`` is a file of that name, which later commands of the page find in
the folder that they run in.
"""

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+)(?P<info>[^`\n]*)$")
_TITLE = re.compile(r'title="(?P<title>[^"]+)"')
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+) -->")
_EXIT_CODE = re.compile(r"<!-- exits with (?P<code>\d+) -->")
_NUMBERS_VARY = "<!-- numbers vary -->"
_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is the number of its fence, `comments` what stands in comments right before it."""

    line: int
    language: str
    title: str | None
    text: str
    comments: tuple[str, ...]

    @property
    def not_run(self) -> str | None:
        """Why the block's commands are not run, or None if they are."""
        found = [match["reason"] for match in map(_NOT_RUN.fullmatch, self.comments) if match]
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a shell reads it, the output that the page shows (empty: none is shown), and its exit code.

    numbers_vary: whether any numbers will do in the output.
    """

    line: int
    text: str
    output: str
    exit_code: int
    numbers_vary: bool

    def printed_as_shown(self, actual: str) -> bool:
        """Whether this is the output that the page shows."""
        return not self.output or output_matches(actual, self.output, numbers_vary=self.numbers_vary)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of documentation; `path` is relative to the repository."""

    path: str
    blocks: tuple[Block, ...]
    other_lines: tuple[tuple[int, str], ...]


def pages() -> list[Page]:
    """All pages: the README files that users read, and docs/."""
    paths = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [read_page(path) for path in paths]


def read_page(path: Path) -> Page:
    """Take a page apart."""
    blocks: list[Block] = []
    others: list[tuple[int, str]] = []
    comments: list[str] = []
    lines = path.read_text().splitlines()
    position = 0
    while position < len(lines):
        line, start = lines[position], position + 1
        position += 1
        fence = _FENCE.match(line)
        if fence is None:
            others.append((start, line))
            if line.strip().startswith("<!--"):
                comments.append(line.strip())
            elif line.strip():
                comments = []
            continue
        body: list[str] = []
        while lines[position].strip() != fence["ticks"]:
            body.append(lines[position].removeprefix(fence["indent"]))
            position += 1
        position += 1
        title = _TITLE.search(fence["info"])
        language = fence["info"].split()[0] if fence["info"].strip() else ""
        text = "".join(f"{entry}\n" for entry in body)
        blocks.append(Block(start, language, title["title"] if title else None, text, tuple(comments)))
        comments = []
    return Page(str(path.relative_to(REPOSITORY)), tuple(blocks), tuple(others))


def commands(block: Block) -> list[Command]:
    """The commands of a console block; a backslash at the end of a line goes on in the next."""
    codes = [int(match["code"]) for match in map(_EXIT_CODE.fullmatch, block.comments) if match]
    found: list[Command] = []
    lines = block.text.splitlines()
    starts = [position for position, line in enumerate(lines) if line.startswith(_PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = start
        while lines[last].endswith("\\"):
            last += 1
        text = "\n".join(lines[start : last + 1]).removeprefix(_PROMPT)
        output = "".join(f"{line}\n" for line in lines[last + 1 : end])
        code = codes[0] if codes and end == len(lines) else 0
        found.append(Command(block.line + 1 + start, text, output, code, _NUMBERS_VARY in block.comments))
    return found


def output_matches(actual: str, shown: str, *, numbers_vary: bool = False) -> bool:
    """Whether an output is what a page shows.

    A line ``...`` stands for any lines, ``...`` within a line for any text. Numbers with a decimal point are times,
    scores and versions: any such number will do. Spaces between columns may be more or fewer.
    """
    pattern = ""
    for line in _squeeze(shown).splitlines():
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(_literally(part, numbers_vary) for part in line.split("...")) + r"\n"
    return re.fullmatch(pattern, _squeeze(actual)) is not None


def _literally(text: str, numbers_vary: bool) -> str:
    """A pattern for a text, apart from its numbers."""
    number = r"\d+(?:\.\d+)*" if numbers_vary else r"\d+(?:\.\d+)+"
    return number.join(re.escape(part) for part in re.split(number, text))


def _squeeze(text: str) -> str:
    """Without spaces at the end of lines, and with single ones between words."""
    return "".join(re.sub(r" +", " ", line).strip() + "\n" for line in text.rstrip().splitlines())
