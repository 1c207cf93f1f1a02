"""Killed at any step, an operation leaves the old state or the new one: design, promises 1 and 4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.crashes import begun_folder, require_order, results
from tests.crash.operations import OPERATIONS
from tests.crash.page import PAGE, section, written
from tests.crash.ready import ready
from tests.crash.story import Facts
from tests.zygote import Zygote, living_zygote


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with living_zygote(ready) as zygote:
        yield zygote


@pytest.fixture(scope="module")
def base(zygote: Zygote) -> Iterator[tuple[Path, Facts]]:
    with begun_folder(zygote) as begun:
        yield begun


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_crash_leaves_the_old_state_or_the_new_one(zygote: Zygote, base: tuple[Path, Facts], name: str) -> None:
    found = results(zygote, OPERATIONS[name], *base)
    require_order(OPERATIONS[name], found)
    assert written(OPERATIONS[name]) == section(OPERATIONS[name], found), "run: python -m tests.crash.page"


def test_the_page_tells_of_these_operations_and_of_no_others() -> None:
    told = [line.removeprefix("## ") for line in PAGE.read_text().splitlines() if line.startswith("## ")]
    assert told == list(OPERATIONS)
