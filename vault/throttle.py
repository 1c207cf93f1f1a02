"""Rate limits shared by every process of one machine: a leaky bucket (GCRA) per caller, in a throw-away database.

Callers lie in it only as HMACs under the server's index key: an address or a user name cannot be read back from it.
It is not a truth: losing it forgives what was counted, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec

from vault.errors import ThrottleBroken, ThrottleFull
from vault.opening import open_file, refusal

BUSY_TIMEOUT_MS = 2_000
SWITCH_AGAIN_S = 0.005
SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (
    caller     BLOB PRIMARY KEY,
    full_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
DROP TABLE IF EXISTS known  -- Of an earlier version: nobody would empty it any more.
"""
FORGET_EVERY = 1_000  # Checks between deletions of buckets that are empty again.


class Limit(msgspec.Struct, frozen=True):
    """`quota` at once, refilled evenly over `window_s` seconds."""

    name: str
    quota: int
    window_s: int


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands after a check.

    `wait_s` > 0: refused, come back then; else `remaining` more may follow at once. The whole quota is there again
    after `reset_s` seconds.
    """

    limit: Limit
    remaining: int
    reset_s: int
    wait_s: int

    @property
    def refused(self) -> bool:
        return self.wait_s > 0


def _turn_on_write_ahead_log(connection: apsw.Connection) -> None:
    """Also when all the API processes begin the file in the same moment: for this switch SQLite does not wait its busy
    timeout where two could wait for each other, but says "locked" at once."""
    until_s = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
    while connection.pragma("journal_mode") != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > until_s:
                raise
            time.sleep(SWITCH_AGAIN_S)


class Throttle:
    """One connection; `check` costs some tens of microseconds."""

    def __init__(self, path: Path) -> None:
        """Unopenable; ThrottleFull, ThrottleBroken."""
        self._path = path
        self._checks = 0
        with self._translated():
            try:
                self._connection = self._open()
            except (apsw.NotADBError, apsw.CorruptError):
                self._connection = self._replace()

    def _open(self) -> apsw.Connection:
        connection = open_file(self._path, apsw.Connection)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            _turn_on_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _replace(self) -> apsw.Connection:
        """Only for a damaged file: one that is merely busy is the one that the other processes count in."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return self._open()

    def check(self, caller: bytes, limit: Limit, now_us: int) -> Standing:
        """Counts one call if there is room. ThrottleFull or ThrottleBroken when it cannot be counted."""
        with self._translated():
            return self._check(caller, limit, now_us)

    def give_back(self, caller: bytes, limit: Limit, now_us: int) -> None:
        """One call that was counted does not count after all. ThrottleFull, ThrottleBroken."""
        step_us = limit.window_s * 1_000_000 // limit.quota
        with self._translated(), self._transaction() as bucket:
            bucket.execute(
                "UPDATE bucket SET full_at_us = max(full_at_us - ?, ?) WHERE caller = ?", (step_us, now_us, caller)
            )

    def _check(self, caller: bytes, limit: Limit, now_us: int) -> Standing:
        """GCRA: `full_at_us` is when the bucket will have drained."""
        window_us = limit.window_s * 1_000_000
        step_us = window_us // limit.quota
        with self._transaction() as bucket:
            row = bucket.execute("SELECT full_at_us FROM bucket WHERE caller = ?", (caller,)).fetchone()
            drained_at_us = max(now_us, row[0] if row else 0)
            if drained_at_us > now_us + window_us:
                # No bucket is more than full: this was written before the clock was set back.
                drained_at_us = now_us + window_us
                bucket.execute("UPDATE bucket SET full_at_us = ? WHERE caller = ?", (drained_at_us, caller))
            over_us = drained_at_us + step_us - now_us - window_us
            if over_us > 0:
                return Standing(limit, 0, _seconds(drained_at_us - now_us), _seconds(over_us))
            bucket.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?)", (caller, drained_at_us + step_us))
            self._forget(now_us)
        used_us = drained_at_us + step_us - now_us
        return Standing(limit, (window_us - used_us) // step_us, _seconds(used_us), 0)

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        # IMMEDIATE: a deferred one that reads and then writes fails at once when another process wrote between.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some errors (a full disk), and not after others.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _forget(self, now_us: int) -> None:
        self._checks += 1
        if self._checks % FORGET_EVERY == 0:
            self._connection.execute("DELETE FROM bucket WHERE full_at_us < ?", (now_us,))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except apsw.FullError as error:
            raise ThrottleFull(refusal(self._path, error)) from error
        except (apsw.IOError, apsw.CantOpenError) as error:
            raise ThrottleBroken(refusal(self._path, error)) from error
        except apsw.Error as error:
            raise ThrottleBroken(f"{self._path}: {error}") from error


def _seconds(span_us: int) -> int:
    """Rounded up: whoever comes back then is not too early."""
    return -(-span_us // 1_000_000)
