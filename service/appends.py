"""Awaiting the log: the writer thread's answers reach the event loop in one wake-up per batch."""

from __future__ import annotations

import asyncio
from collections import deque

from eventstore.record import Append, Appended
from eventstore.writer import LogWriter, Outcome


class AsyncAppends:
    """`await append(…)` returns when the records are durable. A caller that goes away does not undo the append."""

    def __init__(self, writer: LogWriter, timeout_s: float) -> None:
        self._writer = writer
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._answered: deque[tuple[asyncio.Future[Appended], Outcome]] = deque()

    async def append(self, append: Append) -> Appended:
        """VersionConflict, DuplicateRequest, LogBusy, LogFull, LogClosed. TimeoutError leaves the outcome open."""
        future: asyncio.Future[Appended] = self._loop.create_future()
        self._writer.submit(append, lambda outcome: self._answer(future, outcome))
        alarm = self._loop.call_later(self._timeout_s, _give_up, future)
        try:
            return await future
        finally:
            alarm.cancel()

    def _answer(self, future: asyncio.Future[Appended], outcome: Outcome) -> None:
        """On the writer thread. Append first, then look: whoever finds the deque longer than one knows that a wake-up
        is under way whose delivery has not ended, and that empties all of it."""
        self._answered.append((future, outcome))
        if len(self._answered) == 1:
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._answered:
            future, outcome = self._answered.popleft()
            if future.done():
                continue
            if isinstance(outcome, Appended):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)


def _give_up(future: asyncio.Future[Appended]) -> None:
    if not future.done():
        future.set_exception(TimeoutError("the log did not answer"))
