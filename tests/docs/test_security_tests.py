"""The page of security tests names tests that there are, and enough of them."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ROW: Final = re.compile(r"^\| (\d+) \| ([\d., ]+) \| (.+) \| `(tests/[\w/]+\.py)::(\w+)` \|$", re.MULTILINE)
LEAST: Final = 25

Row = tuple[str, str, str, str, str]


def rows() -> list[Row]:
    return ROW.findall((ROOT / "docs" / "security-tests.md").read_text())


@functools.cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_are_enough_statements_numbered_in_order_and_each_is_one() -> None:
    found = rows()
    assert len(found) >= LEAST
    assert [number for number, *_ in found] == [str(at) for at in range(1, len(found) + 1)]
    assert len({statement for _, _, statement, _, _ in found}) == len(found)
    page = (ROOT / "docs" / "security-tests.md").read_text()
    assert page.count("\n| ") == len(found) + 2, "a row that is not understood"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_test_of_a_statement_is_there(row: Row) -> None:
    *_, path, name = row
    assert name in names_in(path)
