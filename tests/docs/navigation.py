"""The site's navigation: the links that a page lists, as it does for whoever reads it in a file viewer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_SECTION: Final = re.compile(r"^## +(.+)$", re.MULTILINE)
_LISTED: Final = re.compile(r"^(?:- |\| )\[([^\]]+)\]\(([^)#\s:]+)\.md\)", re.MULTILINE)  # The first link of its line.


def with_navigation(page: str) -> str:
    """The page and, behind it, a hidden table of contents for each of its sections that begins lines with links."""
    return page + "".join(_toctree(caption, listed) for caption, listed in sections(page))


def sections(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(heading, [(title, page as it is linked, without .md)]); above the first heading, it is ""."""
    parts = ["", *_SECTION.split(page)]
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        if listed := _LISTED.findall(text):
            yield heading, listed


def _toctree(caption: str, listed: list[tuple[str, str]]) -> str:
    options = ":hidden:\n" + (f":caption: {caption}\n" if caption else "")
    entries = "".join(f"{title} <{path}>\n" for title, path in listed)
    return f"\n```{{toctree}}\n{options}\n{entries}```\n"
