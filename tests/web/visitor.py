"""Somebody at the page, in a browser of their own, and everything that goes wrong there while they look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, CDPSession, Error, Page

from tests.web.looks import WIDE, Look
from tests.web.watching import Fault, watch

PATIENCE_MS: Final = 15_000


@dataclass(slots=True)
class Visitor:
    """One browser profile. `page` is the tab that is looked at; `require_clean` asserts that nothing went wrong."""

    context: BrowserContext
    page: Page
    look: Look
    faults: list[Fault] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """The page at a path of the stack, loaded."""
        self.page.goto(path)
        return self.page

    def tab(self) -> Page:
        """One more tab of the same profile, watched like the first."""
        return self.context.new_page()

    def allow(self, pattern: str) -> None:
        """What this story means to go wrong: a regular expression for the text of a fault, as `str` gives it."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        told = [str(fault) for fault in self.faults]
        return [text for text in told if not any(allowed.search(text) for allowed in self._allowed)]

    def require_clean(self) -> None:
        """AssertionError naming every console warning and error, uncaught exception, violation of the content security
        policy, failed request and 5xx that was not allowed."""
        if not self.page.is_closed():
            self._settle()
        faults = self.unexpected()
        assert not faults, "the page was not clean:\n" + "\n".join(faults)

    # -- the network -----------------------------------------------------------------------------------------------

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Nothing gets through for the length of the block."""
        self.context.set_offline(True)
        try:
            yield
        finally:
            self.context.set_offline(False)

    @contextmanager
    def slowed(self, *, up_kib_s: float = 50, down_kib_s: float = 180, latency_ms: float = 150) -> Iterator[None]:
        """A poor mobile network for the tab `page`; by default what browsers call slow 4G."""
        with self._cdp() as session:
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", _conditions(latency_ms, down_kib_s, up_kib_s))
            try:
                yield
            finally:
                session.send("Network.emulateNetworkConditions", _conditions(0, -1, -1))

    @contextmanager
    def slow_processor(self, rate: float = 4) -> Iterator[None]:
        """A processor slowed down by `rate`: 4 makes a laptop a middling phone."""
        with self._cdp() as session:
            session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            try:
                yield
            finally:
                session.send("Emulation.setCPUThrottlingRate", {"rate": 1})

    @contextmanager
    def _cdp(self) -> Iterator[CDPSession]:
        session = self.context.new_cdp_session(self.page)
        try:
            yield session
        finally:
            session.detach()

    # -- watching --------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """What the browser has to say by now has arrived here once it has answered something else."""
        try:
            self.page.evaluate("() => new Promise((done) => setTimeout(done))")
        except Error as error:  # A tab that is being navigated has no context for a moment: nothing to wait for.
            self.faults.append(Fault("page", f"did not settle: {error.message}"))


@contextmanager
def visiting(browser: Browser, base_url: str, look: Look = WIDE, **options: Any) -> Iterator[Visitor]:
    """A visitor with a fresh profile. Whoever visits asks `require_clean` at the end. `options` are Playwright's."""
    context = new_context(browser, base_url, look, options)
    try:
        visitor = Visitor(context, context.new_page(), look)
        watch(context, visitor.faults)
        yield visitor
    finally:
        context.close()


def new_context(browser: Browser, base_url: str, look: Look, options: dict[str, Any]) -> BrowserContext:
    """A profile of its own. `options` are Playwright's."""
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": look.width_px, "height": look.height_px},
        color_scheme=look.theme,
        reduced_motion=look.motion,
        has_touch=look.touch,
        is_mobile=look.touch,
        **{"locale": "en-GB", "timezone_id": "UTC", **options},
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def _conditions(latency_ms: float, down_kib_s: float, up_kib_s: float) -> dict[str, Any]:
    """-1: as fast as it goes."""
    return {
        "offline": False,
        "latency": latency_ms,
        "downloadThroughput": down_kib_s * 1024 if down_kib_s > 0 else -1,
        "uploadThroughput": up_kib_s * 1024 if up_kib_s > 0 else -1,
    }
