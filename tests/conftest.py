"""In what order the tests are handed out."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The page's first: their files take longest, and one alone at the end keeps all other processors waiting."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/web/"))
