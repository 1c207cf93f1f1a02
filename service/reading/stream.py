"""One open stream: a cursor in the log, and what is sent from there on. An asynchronous iterator of bytes.

A page is read and opened when the one before has been taken, so a backlog of any length passes through bounded memory
at the reader's own pace. Who is asking is found out again for every page: nothing is sent once the session is closed,
in whatever process, and no key stays opened while nothing happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Literal, Self

import structlog

from domain.errors import BadCredentials
from service.desk.live import Live
from service.house.house import House
from service.house.principal import Principal
from service.house.reach import Reach
from service.reading.stream_events import Telling, event_lines
from vault.errors import AccountGone

PAGE: Final = 100
PAGE_BYTES: Final = 256 * 1024  # Sealed; the last record may go past it.
HEARTBEAT_S: Final = 15.0
HEARTBEAT: Final = event_lines("heartbeat", {})  # An event: a browser shows nobody a comment.
RETRY: Final = b"retry: 1000\n\n"  # Milliseconds until a client that lost its connection comes again.
STALLED_S: Final = 60.0  # A reader that takes nothing for so long is cut off; it can resume.
EndReason = Literal["closed", "expired", "erased", "shutdown"]
_log = structlog.get_logger("live")


class Stream:
    """Joined to `live` when made: whoever makes it sees to it that `leave` is called. TooManyStreams, Busy: not made.

    `identify` raises BadCredentials once the session is over. `after`: the position to go on after; None for now.
    """

    __slots__ = (
        "_after", "_beat", "_dismissed", "_expires_at_us", "_greeting", "_house", "_identify", "_live", "_moved",
        "_news", "_over", "_quiet_since_s", "_sending", "_task", "_told", "_waiter", "user",
    )  # fmt: skip

    def __init__(
        self, house: House, live: Live, who: Principal, identify: Callable[[], Principal], after: int | None
    ) -> None:
        self.user = who.user
        self._house = house
        self._live = live
        self._identify = identify
        self._expires_at_us = who.expires_at_us
        self._news, self._moved, self._beat = True, True, False
        self._dismissed, self._over, self._sending = False, False, False
        self._quiet_since_s = asyncio.get_running_loop().time()
        self._task: asyncio.Task[object] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._told: dict[str, float] = {}
        self._after = house.log.user_head(who.user) if after is None else after
        # Said at once, so that the client knows that it is connected, and where to resume if that is all it gets.
        self._greeting = RETRY
        if after is None:
            self._greeting += event_lines("ready", {"position": self._after}, self._after)
        live.join(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._sending = False
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        while not self._over:
            if data := self._next():
                await asyncio.sleep(0)  # A reader as quick as this would leave the event loop to nobody else.
                self._quiet_since_s, self._sending, self._beat = loop.time(), True, False
                return data
            if self._news and not self._over:
                await asyncio.sleep(0)  # A page of which this token reaches nothing: on to the next.
            elif not self._over:
                self._waiter = loop.create_future()
                await self._waiter
        raise StopAsyncIteration

    def leave(self) -> None:
        """Idempotent. From here on nobody calls it any more."""
        self._over = True
        self._task = None
        self._live.leave(self)

    def gone(self) -> None:
        """The client went away: what waits for it ends at once."""
        self._over = True
        if self._sending:
            self._cut()
        self._wake()

    # -- what live tells -------------------------------------------------------------------------------------------

    def news(self) -> None:
        self._news = True
        self._wake()

    def advanced(self) -> None:
        self._moved = True
        self._wake()

    def clock(self, now_s: float, now_us: int) -> None:
        quiet_s = now_s - self._quiet_since_s
        if self._sending:
            if quiet_s >= STALLED_S:
                self._cut()
        elif quiet_s >= HEARTBEAT_S or now_us >= self._expires_at_us:
            self._beat = True
            self._wake()

    def dismiss(self) -> None:
        self._dismissed = True
        self._wake()

    # -- what is sent ----------------------------------------------------------------------------------------------

    def _next(self) -> bytes:
        """b"" when there is nothing to send now."""
        if self._greeting:
            greeting, self._greeting = self._greeting, b""
            return greeting
        if self._dismissed:
            return self._end("shutdown")
        if not (self._news or self._moved or self._beat):
            return b""
        try:
            who = self._identify()
            return self._page(who) or self._advance(who) or self._heartbeat()
        except (BadCredentials, AccountGone):  # Between the one and the other the account may be erased.
            return self._end(self._why())
        except Exception as error:  # noqa: BLE001  (the answer has begun: a client that is cut off comes again)
            _log.error("a stream failed", error=type(error).__name__, after=self._after)
            self._over = True
            return b""

    def _page(self, who: Principal) -> bytes:
        if not self._news:
            return b""
        records = self._house.log.read_user(self.user, self._after, PAGE, PAGE_BYTES)
        if not records:
            self._news = False
            return b""
        telling = Telling(self._house, who)
        lines = b"".join([telling.lines(record) for record in records])
        self._after = records[-1].position
        return lines

    def _advance(self, who: Principal) -> bytes:
        """Only where each file stands now: what a slow reader missed in between is of no use to it."""
        self._moved = False
        reach = Reach(self._house.log, who)
        shares = {file_id: share for file_id, share in self._live.shares(self.user).items() if reach.file(file_id)}
        changed = {file_id: share for file_id, share in shares.items() if self._told.get(file_id) != share}
        self._told = shares
        return b"".join(
            event_lines("progress", {"file_id": file_id, "progress": round(share, 4)})
            for file_id, share in changed.items()
        )

    def _heartbeat(self) -> bytes:
        return HEARTBEAT if self._beat else b""

    def _end(self, reason: EndReason) -> bytes:
        self._over = True
        return event_lines("end", {"reason": reason})

    def _why(self) -> EndReason:
        if self._house.keyring.account(self.user) is None:
            return "erased"
        return "expired" if self._expires_at_us <= self._house.clock_us() else "closed"

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _cut(self) -> None:
        if self._task is not None:
            self._task.cancel()
