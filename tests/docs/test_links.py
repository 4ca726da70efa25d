"""What the README links to is there; links within docs/ are checked where the pages are built."""

from .pages import REPOSITORY


def test_every_linked_file_is_there() -> None:
    text = (REPOSITORY / "README.md").read_text()
    targets = [part.split(")")[0] for part in text.split("](")[1:]]
    local = [target for target in targets if "://" not in target]
    assert local
    for target in local:
        assert (REPOSITORY / target).exists(), target
