"""Awaiting the log: the writer thread's answers reach the event loop in one wake-up per batch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from eventstore.errors import LogError
from eventstore.record import Append, Appended
from eventstore.writer import LogWriter, Outcome

WATCH_EVERY_S = 1.0
Waiter = asyncio.Future[Appended]


class AsyncAppends:
    """`await append(…)` returns when the records are durable. A caller that goes away does not undo the append.

    What one turn of the event loop brings is handed over together, and what one commit answers comes back together:
    every crossing between the threads costs as much as several appends.
    """

    def __init__(self, writer: LogWriter, timeout_s: float, note: Callable[[str], None] = lambda _: None) -> None:
        """`note` is told the stream of each record before it can be in the log; it must be quick and never raise."""
        self._note = note
        self._writer = writer
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._gathered: list[tuple[Append, Waiter]] = []
        self._waiting: dict[Waiter, float] = {}  # In order of asking: the oldest first.
        self._watching = False

    async def append(self, append: Append) -> Appended:
        """VersionConflict, DuplicateRequest, LogBusy, LogFull, LogClosed. TimeoutError leaves the outcome open."""
        for record in append.records:
            self._note(record.stream)
        waiter: Waiter = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((append, waiter))
        self._waiting[waiter] = self._loop.time()
        self._start_watch()
        try:
            return await waiter
        finally:
            del self._waiting[waiter]
            del waiter  # It holds the error, whose traceback holds this frame: a circle, with the records in it.

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        waiters = [waiter for _, waiter in gathered]
        try:
            self._writer.submit([append for append, _ in gathered], lambda outcomes: self._answer(waiters, outcomes))
        except LogError as error:
            self._deliver(waiters, [error] * len(waiters))

    def _answer(self, waiters: list[Waiter], outcomes: Sequence[Outcome]) -> None:
        """On the writer thread."""
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits, and the writer must go on.
            self._loop.call_soon_threadsafe(self._deliver, waiters, outcomes)

    @staticmethod
    def _deliver(waiters: list[Waiter], outcomes: Sequence[Outcome]) -> None:
        for waiter, outcome in zip(waiters, outcomes, strict=True):
            if waiter.done():
                continue
            if isinstance(outcome, Appended):
                waiter.set_result(outcome)
            else:
                waiter.set_exception(outcome)

    def _start_watch(self) -> None:
        """One timer for all who wait: a timer of each one's own would cost more than the rest of its append."""
        if not self._watching:
            self._watching = True
            self._loop.call_later(WATCH_EVERY_S, self._watch)

    def _watch(self) -> None:
        too_old = self._loop.time() - self._timeout_s
        for waiter, since in self._waiting.items():
            if since > too_old:
                break
            if not waiter.done():
                waiter.set_exception(TimeoutError("the log did not answer"))
        self._watching = False
        if self._waiting:
            self._start_watch()
