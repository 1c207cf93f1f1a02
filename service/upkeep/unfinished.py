"""Deletions that were asked for and not finished: of chats and files, found in the read tables by the order of the log.

Their keys may be gone already, so nothing in the keyring tells of them. Some at a time, for a second, and on from there
the next time: a chat with very many files keeps neither the sweeper nor the deletions behind it for long.
"""

from __future__ import annotations

import time
from typing import Final

import structlog

from eventstore.log import Log
from projections.rows import DeletionRow
from service.house.forgetting import finish_chat, finish_files
from service.house.house import House

DELETIONS_PER_SWEEP: Final = 1_000
DELETING_S: Final = 1.0
_log = structlog.get_logger("sweep")


class Unfinished:
    """Remembers where the last slice ended."""

    def __init__(self) -> None:
        self._after = 0

    def finish_some(self, house: House, log: Log) -> int:
        """How many chats and files were brought to their end; one at the least is tried. One that cannot be now keeps
        nobody waiting: the others have their turn first."""
        until_s = time.monotonic() + DELETING_S
        rows = house.reader.unfinished_deletions(self._after, DELETIONS_PER_SWEEP)
        done = 0
        for row in rows:
            try:
                done += _finish(house, log, row, until_s)
            except Exception as error:  # noqa: BLE001  (whatever it is, it would stop every deletion behind it)
                _log.warning("a deletion is put off", stream=row.stream, error=type(error).__name__)
            self._after = row.position
            if time.monotonic() >= until_s:
                return done
        if len(rows) < DELETIONS_PER_SWEEP:
            self._after = 0
        return done


def _finish(house: House, log: Log, row: DeletionRow, until_s: float) -> int:
    kind, _, subject = row.stream.partition("-")
    if kind == "chat":
        return finish_chat(house, log, subject, until_s)
    return finish_files(house, log, [subject])
