"""The page, read by a parser and shown by a browser."""

import io
import itertools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from npu_hal.inspection import inspect_model
from npu_hal.inspection.html import render_page
from npu_hal.inspection.html.markup import text
from tests.inspection.browser import Browser, opened_browser
from tests.inspection.models import three_operations, with_unknown_operator

A311D = ("etnaviv", "emulator:a311d")
HOSTILE = (
    "</title></style></script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">' \" & \u202egpj.exe \x00 \x1b[31m"
)
ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "section",
    "h1",
    "h2",
    "p",
    "div",
    "span",
    "b",
    "i",
    "br",
    "a",
    "svg",
    "path",
    "rect",
    "text",
    "g",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
}
ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "style",
    "width",
    "height",
    "viewbox",
    "role",
    "aria-label",
    "tabindex",
    "d",
    "x",
    "y",
    "rx",
    "preserveaspectratio",
    "data-label",
    "open",
}


class Reader(HTMLParser):
    """Collects elements, attributes and text; complains about unbalanced elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        values = dict(attrs)
        if "href" in values:
            self.links.add(values["href"] or "")
        if "id" in values:
            assert values["id"] not in self.ids
            self.ids.add(values["id"] or "")
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def page_of(model: Path, runs: int = 1) -> str:
    return render_page(inspect_model(model, *A311D, runs=runs))


def test_a_page_is_well_formed_and_refers_to_nothing_outside(tmp_path: Path) -> None:
    page = Reader(page_of(three_operations(tmp_path)))
    assert page.elements <= ELEMENTS
    assert page.attributes <= ATTRIBUTES
    assert {f"#{name}" for name in page.ids} >= page.links
    assert {"op-0", "op-1", "op-2", "step-0", "step-1"} <= page.ids
    assert "no way to compute SOFTMAX" in page.text


@pytest.mark.parametrize("make", [three_operations, with_unknown_operator])
def test_names_from_models_stay_text(make: object, tmp_path: Path) -> None:
    assert callable(make)
    page = Reader(page_of(make(tmp_path, HOSTILE)))
    assert page.elements <= ELEMENTS
    assert page.attributes <= ATTRIBUTES
    assert {f"#{name}" for name in page.ids} >= page.links
    assert "<script>" in page.text
    assert not set(page.text) & {"\x00", "\x1b", "\u202e"}


def test_text_is_shortened_escaped_and_printable() -> None:
    assert text("<a & 'b' \"c\">") == "&lt;a &amp; &#x27;b&#x27; &quot;c&quot;&gt;"
    assert text("x" * 10, limit=4) == "xxx…"
    assert text("a\ud800b\x07c\u2067d") == "a\ufffdb\ufffdc\ufffdd"


def test_a_page_without_times_or_refusals(tmp_path: Path) -> None:
    page = Reader(render_page(inspect_model(three_operations(tmp_path), "software", runs=0)))
    assert "Nothing was timed" in page.text
    assert "Why not on the device" not in page.text


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_text_can_be_read(browser: Browser, width: int, scheme: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(with_unknown_operator(tmp_path, "A" * 300)), encoding="utf-8")
    browser.open(path, width, scheme)
    assert browser.evaluate("window.innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        browser.evaluate(
            "Math.min(...[...document.querySelectorAll('td,p')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        >= 12
    )
    pixels = np.asarray(Image.open(io.BytesIO(browser.screenshot())).convert("L"), np.float64)
    ground = np.median(pixels)
    assert (ground > 200) == (scheme == "light")
    # Text of full contrast, and the drawings, cover a part of the window.
    assert 0.005 < (np.abs(pixels - ground) > 100).mean() < 0.5


def test_the_drawing_has_every_operation_and_leads_to_its_row(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(three_operations(tmp_path)), encoding="utf-8")
    browser.open(path, 1280)
    boxes = "[...document.querySelectorAll('.drawing a rect')].map(e => e.getBoundingClientRect())"
    places = browser.evaluate(f"{boxes}.map(b => [b.left, b.top, b.width, b.height])")
    assert len(places) == 3
    assert all(below[1] >= above[1] + above[3] for above, below in itertools.pairwise(places))
    browser.evaluate("document.querySelector('.drawing a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert browser.evaluate("location.hash") == "#op-0"


def test_hostile_names_do_nothing_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(three_operations(tmp_path, HOSTILE)), encoding="utf-8")
    browser.open(path, 1280)
    assert browser.evaluate("document.title") == "three.tflite on etnaviv emulator:a311d"
    assert browser.evaluate("document.scripts.length") == 0
    assert browser.messages() == []


@pytest.mark.parametrize(
    "model", ["classification/tf2_mobilenet_v2_1.0_224_ptq", "detection/ssdlite_mobiledet_coco_qat_no_postprocess"]
)
def test_real_models_fit_narrow_windows(model: str, browser: Browser, shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(shared / "models" / f"{model}.tflite", runs=0), encoding="utf-8")
    for width in (1280, 400):
        browser.open(path, width)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.messages() == []
