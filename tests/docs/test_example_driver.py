"""The page that walks through the example of a driver shows its files as they are."""

from .pages import REPOSITORY, read_page

EXAMPLE = REPOSITORY / "examples" / "third_party_driver"
FOLDER = "example-npu/"


def test_the_page_shows_every_file_as_it_is() -> None:
    page = read_page(REPOSITORY / "docs" / "writing-a-driver.md")
    shown = {block.title: block.text for block in page.blocks if block.title is not None}
    sources = [
        path for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".toml", ".md") and "build" not in path.parts
    ]
    files = {FOLDER + path.relative_to(EXAMPLE).as_posix(): path.read_text() for path in sources}
    assert shown == files
