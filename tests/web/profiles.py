"""Browser profiles given to one visitor after the other, emptied in between: a window costs more than most tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.looks import Look
from tests.web.visitor import Visitor, new_context
from tests.web.watching import Fault, watch

Kind = tuple[str, Look, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """`rest` is a tab that stays, so that the window does."""

    context: BrowserContext
    rest: Page
    faults: list[Fault] = field(default_factory=list)

    def visitor(self, look: Look) -> Visitor:
        """In a tab of their own."""
        return Visitor(self.context, self.context.new_page(), look, self.faults)

    def tidy(self) -> None:
        """No tab is left of what was done here, nor anything in the way of the next one. What a tab kept is gone with
        the tab."""
        for page in self.context.pages:
            if page != self.rest:
                page.close()
        self.context.unroute_all()
        self.context.set_offline(False)
        self.faults.clear()

    def empty(self, origin: str) -> None:
        """Nothing is left of whoever was here, but for the cache of files, which say themselves how long they are
        good."""
        self.tidy()
        self.context.clear_cookies()
        session = self.context.new_cdp_session(self.rest)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        session.detach()
        self.faults.clear()


class Profiles:
    """Two who visit at once have two."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[Kind, list[Profile]] = defaultdict(list)

    @contextmanager
    def visiting(self, origin: str, look: Look, **options: Any) -> Iterator[Visitor]:
        """A visitor who finds a profile as if it were new. Whoever visits asks `require_clean` at the end."""
        with self.lent(origin, look, **options) as profile:
            yield profile.visitor(look)

    @contextmanager
    def lent(self, origin: str, look: Look, **options: Any) -> Iterator[Profile]:
        """As if it were new, to whoever comes back to it."""
        free = self._free[origin, look, repr(sorted(options.items()))]
        profile = free.pop() if free else self._new(origin, look, options)
        try:
            yield profile
            profile.empty(origin)
        except BaseException:
            profile.context.close()  # Who knows what it is like.
            raise
        free.append(profile)

    def close(self) -> None:
        """All that nobody has; and with them, their connections."""
        for free in self._free.values():
            while free:
                free.pop().context.close()

    def _new(self, origin: str, look: Look, options: dict[str, Any]) -> Profile:
        context = new_context(self._browser, origin, look, options)
        profile = Profile(context, context.new_page())
        watch(context, profile.faults)
        return profile
