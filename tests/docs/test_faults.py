"""The page of faults names tests that there are, and covers what has to be covered."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.docs.test_security_tests import ROOT, names_in

PAGE: Final = (ROOT / "docs" / "faults.md").read_text()
ROW: Final = re.compile(r"^\| (.+?) \| (.+) \| (.+) \| (.+) \| `(tests/[\w/]+\.py)::(\w+)` \|$", re.MULTILINE)
ROWS: Final[list[tuple[str, ...]]] = ROW.findall(PAGE)
COVERED: Final = (
    "disk is full", "clock jumps back", "somebody else's", "is gone", "another server key", "port is taken",
    "does not answer", "out of memory", "newer version", "a second `strongroom up`",
)  # fmt: skip


def test_every_row_is_understood() -> None:
    assert PAGE.count("\n| ") == len(ROWS) + 4, "a row that is not understood"  # Two tables, each with two lines above.


def test_nothing_that_has_to_be_there_is_missing() -> None:
    faults = "\n".join(row[0] for row in ROWS)
    assert [words for words in COVERED if words not in faults] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_test_of_a_fault_is_there(row: tuple[str, ...]) -> None:
    *_, path, name = row
    assert name in names_in(path)
