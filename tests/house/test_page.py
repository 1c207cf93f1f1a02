"""The built page, as a strict content security policy wants it: nothing inline, and every asset named by its hash; and
what a browser needs to install it."""

from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from api.page import CSP
from tests.docs.tables import DOCS
from tests.house.test_structure import ROOT

STATIC: Final = ROOT / "api" / "static"
SOURCES: Final = ROOT / "frontend" / "src"
HASHED: Final = re.compile(r"/assets/[\w.-]+-[\w-]{8}\.\w+")
BY_NAME: Final = {"/icon.svg", "/apple-touch-icon.png", "/manifest.webmanifest"}  # What others than the page ask for.
PAPER: Final = re.compile(r"--paper: light-dark\((#\w{6}), (#\w{6})\);")
PNG: Final = b"\x89PNG\r\n\x1a\n"


class Page(HTMLParser):
    """Gathers what a page loads, what it carries inline, and what it says of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.theme_colours: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        source = attributes.get("src") or attributes.get("href")
        if source is not None:
            self.loaded.append(source)
        if tag == "meta" and attributes.get("name") == "theme-color":
            self.theme_colours.append(attributes["content"] or "")
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.inline.append(tag)
        self.inline += [name for name in attributes if name == "style" or name.startswith("on")]


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def built_page() -> Page:
    return read((STATIC / "index.html").read_text())


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STATIC / "manifest.webmanifest").read_text())
    return found


def png_sizes(path: Path) -> str:
    """`192x192`, from the first chunk. PNG (third edition) §11.2.1."""
    head = path.read_bytes()[:24]
    assert head.startswith(PNG)
    width, height = struct.unpack(">II", head[16:])
    return f"{width}x{height}"


def test_the_page_carries_nothing_inline() -> None:
    assert built_page().inline == []


def test_every_asset_is_here_and_named_by_its_hash() -> None:
    loaded = built_page().loaded
    assert set(loaded) >= BY_NAME
    assert {source.rpartition(".")[2] for source in loaded if source not in BY_NAME} == {"js", "css"}
    assert [source for source in loaded if source not in BY_NAME and HASHED.fullmatch(source) is None] == []
    assert [source for source in loaded if not (STATIC / source.lstrip("/")).is_file()] == []


def test_the_styles_load_nothing_from_elsewhere() -> None:
    addresses = {
        address for sheet in STATIC.glob("assets/*.css") for address in re.findall(r"url\(([^)]+)\)", sheet.read_text())
    }
    assert addresses
    assert [address for address in addresses if HASHED.fullmatch(address) is None] == []


def test_the_policy_is_the_one_that_is_documented() -> None:
    (documented,) = re.findall(r"```\n(default-src [^`]+)\n```", (DOCS / "threats.md").read_text())
    assert " ".join(documented.split()) == CSP


def test_no_source_map_is_shipped() -> None:
    assert [path.name for path in STATIC.rglob("*.map")] == []
    assert [path.name for path in STATIC.rglob("*.js") if "sourceMappingURL" in path.read_text()] == []


def test_the_manifests_icons_are_what_it_says() -> None:
    icons = manifest()["icons"]
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in icons} == {
        ("any", "any"), ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")
    }  # fmt: skip
    for icon in icons:
        path = STATIC / icon["src"].lstrip("/")
        if icon["type"] == "image/png":
            assert png_sizes(path) == icon["sizes"]
        else:
            assert path.read_text() == (SOURCES / "assets" / "mark.svg").read_text()


def test_the_frame_around_the_page_has_the_colours_of_its_paper() -> None:
    (light_and_dark,) = PAPER.findall((SOURCES / "styles" / "tokens.css").read_text())
    assert built_page().theme_colours == list(light_and_dark)
    assert {manifest()["theme_color"], manifest()["background_color"]} == {light_and_dark[0]}


def test_inline_code_is_found() -> None:
    page = read('<p style="color: red" onclick="go()"></p><script>go()</script><style>p {}</style>')
    assert page.inline == ["style", "onclick", "script", "style"]
