"""Appending: one writer thread per process, group commit, and an flock that orders processes.

Whatever appends are waiting go into one transaction; each one's expected versions are checked on its own, so a lost
race fails one append and not the batch. Everyone is answered after the commit, which is on the disk by then
(WAL, synchronous=FULL). The flock is taken before BEGIN and the batch is filled after: processes then queue in the
kernel, not in SQLite's busy handler, and what arrives while waiting rides along.
"""

from __future__ import annotations

import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import apsw

from eventstore.batch import Batch
from eventstore.errors import (
    LogBusy,
    LogClosed,
    LogError,
    LogFull,
    LogUnreadable,
    LogUnsettled,
)
from eventstore.record import Append, Appended
from eventstore.schema import open_database, reading_plainly

MAX_BATCH = 512
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING = 8_192
CHECKPOINT_PAGES = 4_000
FAILING_S = 10.0  # After this long without a try, whoever asks may try again.

Outcome = Appended | Exception
Answer = Callable[[Sequence[Outcome]], None]


@dataclass(frozen=True, slots=True)
class Committed:
    """One batch, for whoever measures. `waited`: of those that came together, from asking to durable, and how many they
    were. `commit_s`: the commit alone, which is the fsync; None: it failed, and nothing was written."""

    waited: tuple[tuple[float, int], ...]
    commit_s: float | None


Observer = Callable[[Committed], None]


class _Group:
    """Appends that came together, and whom to tell."""

    __slots__ = ("answer", "appends", "asked_s", "sealed_bytes")

    def __init__(self, appends: Sequence[Append], answer: Answer) -> None:
        self.asked_s = time.perf_counter()
        self.appends = appends
        self.answer = answer
        self.sealed_bytes = sum(len(record.sealed) for append in appends for record in append.records)


class LogWriter:
    """The only way into the log. `answer` callbacks and `observe` run on the writer thread and must be quick and never
    raise."""

    def __init__(
        self, path: Path, lock_path: Path, clock_us: Callable[[], int], observe: Observer | None = None
    ) -> None:
        self._path = path
        self._observe = observe
        self._commit_s: float | None = None
        self._clock_us = clock_us
        self._queue: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._waiting = 0
        self._door = threading.Lock()  # Nothing is queued behind the order to stop, where nobody would answer it.
        self._closed = False
        self._failed_at_s = -FAILING_S
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with reading_plainly():
            self._connection = self._open()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, appends: Sequence[Append], answer: Answer) -> None:
        """Queue appends that came together; `answer` gets an outcome for each, in their order, once they are durable.
        They share nothing but the way: each succeeds or fails on its own.

        LogBusy when too many wait, LogClosed after `close`: nothing was queued then.
        """
        group = _Group(appends, answer)
        with self._door:
            if self._closed:
                raise LogClosed("the log is shut")
            if self._waiting + len(appends) > MAX_WAITING:
                raise LogBusy("too many appends are waiting")
            self._waiting += len(appends)
            self._queue.put(group)

    def append(self, append: Append, timeout_s: float | None = 30.0) -> Appended:
        """One append, waiting for it; None waits until it is settled. TimeoutError leaves the outcome open: it may
        still become durable."""
        future: Future[Sequence[Outcome]] = Future()
        self.submit([append], future.set_result)
        (outcome,) = future.result(timeout_s)
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def answers(self) -> bool:
        """Whether appends are taken: the thread lives and no commit failed a moment ago."""
        well = time.monotonic() - self._failed_at_s > FAILING_S
        return well and not self._closed and self._thread.is_alive()

    def close(self) -> None:
        """Write what was queued, then stop."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._connection.close()
        os.close(self._lock)

    # -- the writer thread ---------------------------------------------------------------------------------------

    def _open(self) -> apsw.Connection:
        connection = open_database(self._path, read_only=False)
        connection.wal_autocheckpoint(CHECKPOINT_PAGES)
        return connection

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                groups, last = self._fill(first)
                outcomes = self._commit([append for group in groups for append in group.appends])
                durable_s = time.perf_counter()
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            with self._door:
                self._waiting -= len(outcomes)
            at = 0
            for group in groups:
                group.answer(outcomes[at : at + len(group.appends)])
                at += len(group.appends)
            if self._observe is not None:  # After the answers: nobody waits for it.
                self._observe(self._seen(groups, durable_s))
            if last:
                break

    def _seen(self, groups: Sequence[_Group], durable_s: float) -> Committed:
        waited = tuple((durable_s - group.asked_s, len(group.appends)) for group in groups)
        return Committed(waited, self._commit_s)

    def _fill(self, first: _Group) -> tuple[list[_Group], bool]:
        """What is waiting now, up to the bounds; True if the writer was told to stop after it."""
        groups = [first]
        count, size_bytes = len(first.appends), first.sealed_bytes
        while count < MAX_BATCH and size_bytes < MAX_BATCH_BYTES:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return groups, True
            groups.append(following)
            count += len(following.appends)
            size_bytes += following.sealed_bytes
        return groups, False

    def _commit(self, appends: Sequence[Append]) -> list[Outcome]:
        """One transaction. Whatever breaks it breaks the whole batch: nothing was written, everyone is told."""
        self._commit_s = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            batch = Batch(self._connection, appends, self._clock_us())
            outcomes = [batch.plan(append) for append in appends]
            batch.write()
            begun_s = time.perf_counter()
            self._connection.execute("COMMIT")
            self._commit_s = time.perf_counter() - begun_s
        except Exception as error:  # noqa: BLE001  (whatever it is, everyone who waits has to be told)
            failure = self._recover(error)
            self._failed_at_s = time.monotonic()
            return [failure] * len(appends)
        self._failed_at_s = -FAILING_S
        return outcomes

    def _recover(self, error: Exception) -> Exception:
        """After a failed transaction nothing of the connection is trusted: roll back by closing, open anew."""
        failure = _translated(error)
        try:
            self._connection.close(True)
            self._connection = self._open()
        except (apsw.Error, LogUnreadable) as again:  # The next batch finds the connection shut and tries again.
            return failure if isinstance(failure, LogUnsettled) else LogFull(str(again))
        except LogError as corrupt:
            return corrupt  # Another file lies there now.
        return failure


def _translated(error: Exception) -> LogError:
    """A full disk is noticed before the commit frame is written, so nothing is there. Any other I/O error may have
    come after it: a recovery of the write-ahead log can still find the commit whole."""
    match error:
        case apsw.FullError():
            return LogFull(str(error))
        case apsw.IOError():
            return LogUnsettled(str(error))
        case _:
            return LogError(str(error))
