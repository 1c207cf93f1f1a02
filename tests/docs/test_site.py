"""The site that is made of the pages: all of them in its navigation, the reference whole, the picture true, and nothing
fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.house import PICTURE, levels, picture, rooms, stands_alone, words
from tests.docs.navigation import sections, with_navigation
from tests.docs.openapi import api_document, operating_document
from tests.docs.reference import MORE, anchor, listed, reference
from tests.docs.tables import DOCS, ROOT
from tests.docs.test_links import PAGES, text_of
from tests.docs.ways import MESSAGE, UPLOAD, Step

BUILD_S = 120.0
FETCHED = re.compile(r"<(?:script|link|img|iframe|source|video|audio|object)\b[^>]*?\b(?:src|href|data)=\"([^\"]+)\"")
FETCHED_BY_SHEET = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)")
ADDRESS = re.compile(r"\]\((https?://[^)\s]+)\)|<(https?://[^>\s]+)>")
REFERENCE = reference(api_document(), operating_document())


# -- the navigation ----------------------------------------------------------------------------------------------


def navigated(index: Path) -> list[Path]:
    found = (path for _, entries in sections(index.read_text()) for _, path in entries)
    return [(index.parent / f"{path}.md").resolve() for path in found]


def test_every_page_stands_in_the_navigation_once() -> None:
    decisions = DOCS / "decisions" / "README.md"
    assert sorted([*navigated(DOCS / "index.md"), *navigated(decisions), DOCS / "index.md"]) == sorted(PAGES)


def test_the_navigation_is_the_list_of_links() -> None:
    page = "# A\n\n[b](b.md)\n\n## C\n\n- [D](e/d.md): and [f](f.md)\n- [G](g.md#h)\n\n## I\n\n| [J](j.md) | k |\n"
    toctree = "\n```{toctree}\n:hidden:\n:caption: "
    assert with_navigation(page) == f"{page}{toctree}C\n\nD <e/d>\n```\n{toctree}I\n\nJ <j>\n```\n"


# -- the reference -----------------------------------------------------------------------------------------------


def test_every_operation_and_type_stands_in_the_reference() -> None:
    documents = (api_document(), operating_document())
    parts = REFERENCE.split("\n### ")
    for _, method, path, spec in listed(documents):
        (part,) = [part for part in parts if f"\n`{method.upper()} {path}`\n" in part]
        assert part.startswith(spec["summary"])
        assert "**Who may:** " in part
        assert [each["name"] for each in spec["parameters"] if f"| `{each['name']}` | {each['in']} |" not in part] == []
        assert [status for status in spec["responses"] if f"`{status}` " not in part] == []
        assert f"({anchor(method, path)})=\n" in REFERENCE
    types = {name for document in documents for name in document["components"]["schemas"]}
    assert [name for name in types if f"(type-{name.lower()})=\n\n### {name}\n" not in REFERENCE] == []


def test_the_reference_leads_to_its_own_types_alone() -> None:
    targets = set(re.findall(r"^\(([\w-]+)\)=$", REFERENCE, re.MULTILINE))
    assert set(re.findall(r"\]\(#([\w-]+)\)", REFERENCE)) <= targets


def test_every_operation_belongs_to_a_group() -> None:
    assert f"\n## {MORE}\n" not in REFERENCE


# -- the picture -------------------------------------------------------------------------------------------------


def test_the_picture_is_that_of_the_contracts() -> None:
    assert PICTURE.read_text() == picture(), "run: python -m tests.docs.house"


def test_the_picture_shows_every_room_and_every_floor() -> None:
    shown = re.findall(r">([^<]+)</text>", PICTURE.read_text())
    names = [name for level in [*rooms(), *levels("service-layers")] for name in level]
    assert [name for name in names if name not in shown] == []
    assert [name for name in names if stands_alone(name)] == ["eventstore"]


@pytest.mark.parametrize("step", [*MESSAGE.steps, *UPLOAD.steps], ids=lambda step: f"{step.place}.{step.module}")
def test_every_step_of_a_way_happens_where_it_is_drawn(step: Step) -> None:
    assert (ROOT / step.place.replace(".", "/") / f"{step.module}.py").is_file()
    assert words(step.place)


# -- the site ----------------------------------------------------------------------------------------------------


def test_a_broken_link_stops_the_build_and_nothing_in_a_site_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(
        "# Index\n\n## Part\n\n- [page](page.md)\n- [gone](gone.md)\n\n[good](page.md#one-thing) [bad](page.md#other)\n"
    )
    (tmp_path / "docs" / "page.md").write_text("# Page\n\n## One thing\n\n```python\nprint()\n```\n")
    site = tmp_path / "site"
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", str(ROOT / "docs" / "site")]
    done = subprocess.run(
        [*sphinx, str(tmp_path), str(site)], cwd=ROOT, capture_output=True, text=True, timeout=BUILD_S, check=False
    )
    assert done.returncode == 1
    warnings = {line.partition("WARNING: ")[2] for line in done.stderr.splitlines() if "myst.xref_missing" in line}
    assert {re.findall(r"'([^']+\.md|other)'", warning)[0] for warning in warnings} == {"gone.md", "other"}

    page = (site / "docs" / "page.html").read_text()
    assert FETCHED.findall(page)
    sheets = "\n".join(sheet.read_text() for sheet in site.rglob("*.css"))
    fetched = [*FETCHED.findall(page), *FETCHED_BY_SHEET.findall(sheets)]
    assert [address for address in fetched if address.startswith(("http:", "https:", "//"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_address_elsewhere_is_one(page: Path) -> None:
    for address in ("".join(found) for found in ADDRESS.findall(text_of(page))):
        parts = urlsplit(address)
        here = parts.hostname == "127.0.0.1"
        assert parts.scheme == ("http" if here else "https"), address
        assert here or re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), address
