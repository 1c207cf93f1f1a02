"""The built page, as a strict content security policy wants it: nothing inline, and every asset named by its hash."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tests.house.test_structure import ROOT

STATIC = ROOT / "api" / "static"
HASHED = re.compile(r"/assets/[\w-]+-[\w-]{8}\.\w+")


class Page(HTMLParser):
    """Gathers what a page loads, and what it carries inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        source = attributes.get("src") or attributes.get("href")
        if source is not None:
            self.loaded.append(source)
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.inline.append(tag)
        self.inline += [name for name in attributes if name == "style" or name.startswith("on")]


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def test_the_page_carries_nothing_inline() -> None:
    assert read((STATIC / "index.html").read_text()).inline == []


def test_every_asset_is_here_and_named_by_its_hash() -> None:
    loaded = read((STATIC / "index.html").read_text()).loaded
    assert {source.rpartition(".")[2] for source in loaded} == {"js", "css", "svg"}
    assert [source for source in loaded if HASHED.fullmatch(source) is None] == []
    assert [source for source in loaded if not (STATIC / source.lstrip("/")).is_file()] == []


def test_the_styles_load_nothing_from_elsewhere() -> None:
    addresses = {
        address for sheet in STATIC.glob("assets/*.css") for address in re.findall(r"url\(([^)]+)\)", sheet.read_text())
    }
    assert addresses
    assert [address for address in addresses if HASHED.fullmatch(address) is None] == []


def test_inline_code_is_found() -> None:
    page = read('<p style="color: red" onclick="go()"></p><script>go()</script><style>p {}</style>')
    assert page.inline == ["style", "onclick", "script", "style"]
