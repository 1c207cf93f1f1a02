"""The page as people meet it: a real browser at a real Strongroom, and nothing may go wrong unnoticed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.e2e.stack import Stack, running_stack
from tests.web.keeper import Keeper, enter
from tests.web.looks import LOOKS, WIDE, Look
from tests.web.profiles import Profile, Profiles
from tests.web.visitor import Visitor

FAILED = pytest.StashKey[bool]()


@dataclass(slots=True)
class Resident:
    """An account with a profile of its own, in no tab. `entered`: it is signed in there."""

    keeper: Keeper
    profile: Profile
    origin: str
    entered: bool = True

    def come(self) -> Keeper:
        """In a new tab; anew, where a story that failed has left nobody in."""
        visitor = self.profile.visitor(WIDE)
        keeper = replace(self.keeper, visitor=visitor, page=visitor.open())
        if self.entered:
            keeper.expect_in()
        else:
            keeper.sign_in()
            self.entered = True
        return keeper

    def leave(self) -> None:
        self.profile.tidy()

    def forget(self) -> None:
        """What a story that failed began, the next one would bring to its end: lines to be sent, drafts, uploads."""
        self.entered = False
        self.profile.empty(self.origin)


class Visit(Protocol):
    def __call__(self, look: Look = WIDE, **options: Any) -> Visitor:
        """A new visitor, with a profile that nobody has at the same time; what goes wrong before the test ends fails
        it."""


class Arrive(Protocol):
    def __call__(self, look: Look = WIDE, *, allowing: str = "", **options: Any) -> Keeper:
        """Somebody who is in for the first time, as a new visitor. `allowing`: what this story means to go wrong."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def profiles(browser: Browser) -> Profiles:
    return Profiles(browser)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, profiles: Profiles) -> Iterator[Stack]:
    """Shared by all stories: who stops a part of it starts it again."""
    with running_stack(tmp_path_factory.mktemp("page")) as stack:
        yield stack
        profiles.close()  # A stop waits for connections that are kept open.
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
            address = options.pop("base_url", named(stack))
            visitor = contexts.enter_context(profiles.visiting(address, look, **options))
            visitors.append(visitor)
            return visitor

        yield begin
        _judge(request, visitors, tmp_path)


@pytest.fixture
def arrive(visit: Visit, stack: Stack) -> Iterator[Arrive]:
    with ExitStack() as programs:

        def begin(look: Look = WIDE, *, allowing: str = "", **options: Any) -> Keeper:
            visitor = visit(look, **options)
            if allowing:
                visitor.allow(allowing)
            return programs.enter_context(enter(visitor, stack))

        yield begin


@pytest.fixture
def newcomer(arrive: Arrive) -> Keeper:
    """At the wide page."""
    return arrive()


@pytest.fixture(scope="package")
def resident(profiles: Profiles, stack: Stack) -> Iterator[Resident]:
    origin = named(stack)
    with profiles.lent(origin, WIDE) as profile, enter(profile.visitor(WIDE), stack) as keeper:
        keeper.visitor.require_clean()
        profile.tidy()
        yield Resident(keeper, profile, origin)


@pytest.fixture
def ada(resident: Resident, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    """Somebody who is in, at a new tab of the wide page. Other stories have used the account and its profile, and will:
    what is begun is brought to its end, and nobody is put out."""
    told = False
    try:
        keeper = resident.come()
        yield keeper
        _judge(request, [keeper.visitor], tmp_path)
        told = not request.node.stash.get(FAILED, False)
    finally:
        if told:
            resident.leave()
        else:
            resident.forget()


def named(stack: Stack) -> str:
    """The stack under a name: passkeys belong to one."""
    return stack.url.replace("127.0.0.1", "localhost")


def _judge(request: pytest.FixtureRequest, visitors: list[Visitor], folder: Path) -> None:
    """AssertionError where the page of any of them was not clean. A failed story shows what it looked like."""
    if request.node.stash.get(FAILED, False):
        for number, visitor in enumerate(visitors, 1):
            _show(visitor, folder / f"visitor-{number}.png")
    for visitor in visitors:
        visitor.require_clean()


def _show(visitor: Visitor, path: Path) -> None:
    """A failed story's last picture; its address stands in the report."""
    if not visitor.page.is_closed():
        visitor.page.screenshot(path=path)
        print(f"{visitor.look.name}: {visitor.page.url} looked like {path}")  # noqa: T201  (pytest shows it)
