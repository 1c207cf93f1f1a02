"""A moment of the past: which position it is, and what of it may still be seen.

What has been forgotten stays forgotten. The rows of then hold what was deleted later, sealed; it is left out as if it
had never been: because its key is gone, or, where a crash came between the deletion and the destruction of the key,
because the tables of today, which have seen the deletion, have no row for it any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from domain.events import Content
from eventstore.log import Log
from projections.past import Past
from projections.queries import Queries
from projections.rows import ChatRow, FileRow, MessageRow, UserRow
from service.house.house import House
from service.house.keychain import MAX_KEPT
from service.house.principal import Principal
from service.reading.opening import Opener
from service.reading.user_data import Source
from service.reading.views import ChatView, FileView, UserView, parse_rfc3339

_POSITION: Final = re.compile(r"[0-9]{1,18}")


class Moment(msgspec.Struct, frozen=True):
    """`position`: the last of the whole log that counts; 0: before its beginning. `at_us`: the time that it was, by
    which a session was open or had expired."""

    position: int
    at_us: int


def moment(log: Log, text: str, now_us: int) -> Moment | None:
    """What `as_of` names: digits are a position, all else is a time. None: the log has not come that far, or the time
    is still to come. ValueError or OverflowError for what is neither.

    A time counts what happened in that very microsecond. Times never run backwards along the log."""
    if _POSITION.fullmatch(text) is not None:
        return _at_position(log, int(text))
    return _at_time(log, parse_rfc3339(text), now_us)


def _at_position(log: Log, position: int) -> Moment | None:
    if position > log.head():
        return None
    return Moment(position, _time_of(log, position))


def _at_time(log: Log, at_us: int, now_us: int) -> Moment | None:
    head = log.head()
    if at_us > max(now_us, _time_of(log, head)):  # The clock may have been set back since.
        return None
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        if _time_of(log, middle) <= at_us:
            low = middle
        else:
            high = middle - 1
    return Moment(low, at_us)


def _time_of(log: Log, position: int) -> int:
    """When it happened; 0 for the beginning, before all."""
    return log.read_envelopes(position - 1, 1)[0].at_us if position else 0


def source(house: House, who: Principal, past: Past, then: Moment) -> Source:
    """The rows of then, and what opens of them what is still there."""
    return Source(who.user, past, PastOpener(house, who, past), then.at_us, who.chats)


class PastOpener(Opener):
    """None also for what was deleted since, by the tables of today, as far as they are."""

    def __init__(self, house: House, who: Principal, tables: Queries) -> None:
        super().__init__(house, who, tables)
        self._live = house.reader
        self._deleted: dict[str, bool] = {}

    def user(self, row: UserRow) -> UserView | None:
        erased = self._is_gone(row.position, lambda: self._live.user(row.user_id))
        return None if erased else super().user(row)

    def chat(self, row: ChatRow) -> ChatView | None:
        return None if self._chat_is_gone(row.chat_id, row) else super().chat(row)

    def said(self, row: MessageRow) -> Content | None:
        return None if self._chat_is_gone(row.chat_id, row) else super().said(row)

    def file(self, row: FileRow) -> FileView | None:
        if row.chat_id is not None and self._chat_is_gone(row.chat_id, row):
            return None
        deleted = self._is_gone(row.position, lambda: self._live.file(row.user_id, row.file_id))
        return None if deleted else super().file(row)

    def _progress(self, row: FileRow) -> float | None:
        """How far a worker had come is in no log."""
        return None if row.status == "processing" else super()._progress(row)

    def _chat_is_gone(self, chat_id: str, row: ChatRow | MessageRow | FileRow) -> bool:
        """Asked once for all that is in it: what goes into a chat comes after it."""
        if chat_id not in self._deleted:
            if len(self._deleted) >= MAX_KEPT:
                self._deleted.clear()
            self._deleted[chat_id] = self._is_gone(row.position, lambda: self._live.chat(row.user_id, chat_id))
        return self._deleted[chat_id]

    def _is_gone(self, position: int, find: Callable[[], object | None]) -> bool:
        """Whether the tables of today have come past the position that made it, and do not have it."""
        with self._live.snapshot():
            return self._live.position() >= position and find() is None
