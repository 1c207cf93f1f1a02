"""The page as people meet it: a real browser at a real Strongroom, and nothing may go wrong unnoticed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.e2e.stack import Stack, running_stack
from tests.web.keeper import Keeper, enter
from tests.web.looks import LOOKS, WIDE, Look
from tests.web.profiles import Profiles
from tests.web.visitor import Visitor

FAILED = pytest.StashKey[bool]()


class Visit(Protocol):
    def __call__(self, look: Look = WIDE, **options: Any) -> Visitor:
        """A new visitor, with a profile that nobody has at the same time; what goes wrong before the test ends fails
        it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def profiles(browser: Browser) -> Profiles:
    return Profiles(browser)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Shared by all stories: who stops a part of it starts it again."""
    with running_stack(tmp_path_factory.mktemp("page")) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture(params=LOOKS, ids=lambda look: look.name)
def look(request: pytest.FixtureRequest) -> Look:
    """A story that asks for it is told once in each."""
    found: Look = request.param
    return found


@pytest.fixture
def visit(profiles: Profiles, stack: Stack, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    visitors: list[Visitor] = []
    with ExitStack() as contexts:

        def begin(look: Look = WIDE, **options: Any) -> Visitor:
            address = options.pop("base_url", stack.url)
            visitor = contexts.enter_context(profiles.visiting(address, look, **options))
            visitors.append(visitor)
            return visitor

        yield begin
        if request.node.stash.get(FAILED, False):
            for number, visitor in enumerate(visitors, 1):
                _show(visitor, tmp_path / f"visitor-{number}.png")
        for visitor in visitors:
            visitor.require_clean()


@pytest.fixture
def ada(visit: Visit, stack: Stack) -> Iterator[Keeper]:
    """Somebody who is in, at the wide page."""
    with enter(visit(), stack) as keeper:
        yield keeper


def _show(visitor: Visitor, path: Path) -> None:
    """A failed story's last picture; its address stands in the report."""
    if not visitor.page.is_closed():
        visitor.page.screenshot(path=path)
        print(f"{visitor.look.name}: {visitor.page.url} looked like {path}")  # noqa: T201  (pytest shows it)
