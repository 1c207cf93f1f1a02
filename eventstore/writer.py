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
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import apsw

from eventstore.errors import (
    DuplicateRequest,
    LogBusy,
    LogClosed,
    LogError,
    LogFull,
    VersionConflict,
)
from eventstore.merkle import leaf_hash
from eventstore.record import Append, Appended, encode_envelope
from eventstore.schema import open_database

MAX_BATCH = 512
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING = 8_192
CHECKPOINT_PAGES = 4_000
FAILING_S = 10.0  # After this long without a try, whoever asks may try again.

Outcome = Appended | Exception
Answer = Callable[[Outcome], None]


class _Waiting:
    """One append and whom to tell."""

    __slots__ = ("answer", "append")

    def __init__(self, append: Append, answer: Answer) -> None:
        self.append = append
        self.answer = answer


class LogWriter:
    """The only way into the log. `answer` callbacks run on the writer thread and must be quick and never raise."""

    def __init__(self, path: Path, lock_path: Path, clock_us: Callable[[], int]) -> None:
        self._path = path
        self._clock_us = clock_us
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(MAX_WAITING)
        self._closed = False
        self._failed_at_s = -FAILING_S
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._connection = self._open()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, append: Append, answer: Answer) -> None:
        """Queue an append; `answer` gets `Appended` once it is durable, or the error. LogBusy when too many wait."""
        if self._closed:
            raise LogClosed("the log is shut")
        try:
            self._waiting.put_nowait(_Waiting(append, answer))
        except queue.Full:
            raise LogBusy("too many appends are waiting") from None

    def append(self, append: Append, timeout_s: float = 30.0) -> Appended:
        """The same, waiting for it. TimeoutError leaves the outcome open: it may still become durable."""
        future: Future[Outcome] = Future()
        self.submit(append, future.set_result)
        outcome = future.result(timeout_s)
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def answers(self) -> bool:
        """Whether appends are taken: the thread lives and no commit failed a moment ago."""
        well = time.monotonic() - self._failed_at_s > FAILING_S
        return well and not self._closed and self._thread.is_alive()

    def close(self) -> None:
        """Write what was queued, then stop."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join()
            self._connection.close()
            os.close(self._lock)

    # -- the writer thread ---------------------------------------------------------------------------------------

    def _open(self) -> apsw.Connection:
        connection = open_database(self._path, read_only=False)
        connection.wal_autocheckpoint(CHECKPOINT_PAGES)
        return connection

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                batch, last = self._fill(first)
                outcomes = self._commit(batch)
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.answer(outcome)
            if last:
                break
        self._refuse_rest()

    def _fill(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What is waiting now, up to the bounds; True if the writer was told to stop after it."""
        batch = [first]
        size_bytes = _sealed_bytes(first.append)
        while len(batch) < MAX_BATCH and size_bytes < MAX_BATCH_BYTES:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
            size_bytes += _sealed_bytes(following.append)
        return batch, False

    def _refuse_rest(self) -> None:
        while True:
            try:
                left = self._waiting.get_nowait()
            except queue.Empty:
                return
            if left is not None:
                left.answer(LogClosed("the log is shut"))

    def _commit(self, batch: list[_Waiting]) -> list[Outcome]:
        """One transaction. Whatever breaks it breaks the whole batch: nothing was written, everyone is told."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            position, at_us = self._head()
            at_us = max(at_us, self._clock_us())  # Time never runs backwards in the log, whatever the clock does.
            outcomes: list[Outcome] = []
            for waiting in batch:
                try:
                    outcome = self._write(waiting.append, position, at_us)
                    position = outcome.last
                except (LogError, ValueError) as error:
                    outcomes.append(error)
                else:
                    outcomes.append(outcome)
            self._connection.execute("COMMIT")
        except Exception as error:
            failure = self._recover(error)
            self._failed_at_s = time.monotonic()
            return [failure] * len(batch)
        self._failed_at_s = -FAILING_S
        return outcomes

    def _recover(self, error: Exception) -> Exception:
        """After a failed transaction nothing of the connection is trusted: roll back by closing, open anew."""
        failure: Exception = LogFull(str(error)) if isinstance(error, apsw.FullError | apsw.IOError) else LogError(str(error))
        try:
            self._connection.close(True)
            self._connection = self._open()
        except apsw.Error as again:
            failure = LogFull(str(again))
        return failure

    def _head(self) -> tuple[int, int]:
        row = self._connection.execute("SELECT position, at_us FROM events ORDER BY position DESC LIMIT 1").fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def _write(self, append: Append, position: int, at_us: int) -> Appended:
        """Check everything, encode everything, then insert: an append that fails has inserted nothing."""
        reached: dict[str, int] = {}
        for stream, version in append.guards:
            self._expect(stream, version)
        for record in append.records:
            if record.stream in reached:
                if record.version != reached[record.stream] + 1:
                    raise ValueError("versions within an append must follow each other")
            else:
                self._expect(record.stream, record.version - 1)
            reached[record.stream] = record.version
            if record.request is not None:
                self._expect_new(record.request.key)
        rows = []
        first = position + 1
        for record in append.records:
            position += 1
            envelope = encode_envelope(record, position, at_us)
            request = record.request
            rows.append(
                (
                    position,
                    record.stream,
                    record.version,
                    record.type,
                    record.user,
                    at_us,
                    envelope,
                    record.sealed,
                    leaf_hash(envelope),
                    None if request is None else request.key,
                    None if request is None else request.body,
                )
            )
        self._connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return Appended(first=first, last=position, at_us=at_us)

    def _expect(self, stream: str, version: int) -> None:
        row = self._connection.execute("SELECT max(version) FROM events WHERE stream = ?", (stream,)).fetchone()
        actual = (row[0] or 0) if row else 0
        if actual != version:
            raise VersionConflict(stream, version, actual)

    def _expect_new(self, request_key: bytes) -> None:
        row = self._connection.execute("SELECT position FROM events WHERE request_key = ?", (request_key,)).fetchone()
        if row is not None:
            raise DuplicateRequest(row[0])


def _sealed_bytes(append: Append) -> int:
    return sum(len(record.sealed) for record in append.records)
