"""Rate limits shared by every process of one machine: a leaky bucket (GCRA) per caller, in a throw-away database.

Callers lie in it only as HMACs under the server's index key: an address or a user name cannot be read back from it.
It is not a truth: losing it forgives what was counted, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

FORGET_EVERY = 1_000  # Checks between deletions of buckets that are empty again.


class Limit(msgspec.Struct, frozen=True):
    """`quota` at once, refilled evenly over `window_s` seconds."""

    name: str
    quota: int
    window_s: int


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands after a check. `wait_s` > 0: refused, come back then; else `remaining` more may follow
    at once, and the bucket is full again after `reset_s` seconds."""

    limit: Limit
    remaining: int
    reset_s: int
    wait_s: int

    @property
    def refused(self) -> bool:
        return self.wait_s > 0


class Throttle:
    """One connection; `check` costs some tens of microseconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checks = 0
        try:
            self._connection = self._open()
        except apsw.Error:
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._connection = self._open()

    def _open(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path))
        connection.set_busy_timeout(2_000)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bucket (caller BLOB PRIMARY KEY, full_at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID"
        )
        return connection

    def check(self, caller: bytes, limit: Limit, now_us: int) -> Standing:
        """Counts one call if there is room for it. GCRA: `full_at_us` is when the bucket will have drained."""
        window_us = limit.window_s * 1_000_000
        step_us = window_us // limit.quota
        with self._connection:
            row = self._connection.execute("SELECT full_at_us FROM bucket WHERE caller = ?", (caller,)).fetchone()
            full_at_us = max(now_us, row[0] if row else 0) + step_us
            over_us = full_at_us - now_us - window_us
            if over_us > 0:
                return Standing(limit, 0, -(-(full_at_us - step_us - now_us) // 1_000_000), -(-over_us // 1_000_000))
            self._connection.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?)", (caller, full_at_us))
            self._forget(now_us)
        used_us = full_at_us - now_us
        return Standing(limit, (window_us - used_us) // step_us, -(-used_us // 1_000_000), 0)

    def _forget(self, now_us: int) -> None:
        self._checks += 1
        if self._checks % FORGET_EVERY == 0:
            self._connection.execute("DELETE FROM bucket WHERE full_at_us < ?", (now_us,))

    def close(self) -> None:
        self._connection.close()
