"""`strongroom log show`: the history as an auditor reads it. When, what, of which stream, how long, whose by
pseudonym; nothing that is sealed is opened or printed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from eventstore.verify.envelopes import EnvelopeFault, open_envelope
from eventstore.verify.reading import PAGE, Seen, Wanted, audit_reader
from service.audit.auditing import UsageError, shown

LOOK_EVERY_S: Final = 0.2
GRACE_US: Final = 2_000_000  # An event gets its time before it is committed.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def wanted(
    until: str | None = None, type_: str | None = None, stream: str | None = None, user: str | None = None
) -> Wanted:
    """`until`: a position, or an RFC 3339 time. UsageError."""
    position = at_us = None
    if until is not None and until.isascii() and until.isdigit() and len(until) <= 18:
        position = int(until)
    elif until is not None:
        at_us = _microseconds(until)
    return Wanted(position, at_us, type_, stream, user)


def read(path: Path, after: int, asked: Wanted, stop: threading.Event | None = None) -> Iterator[Seen]:
    """Events in order. With `stop`, those to come as well, until it is set or the end that was asked for has passed:
    between looks for news it sleeps. DatabaseRefused."""
    with audit_reader(path) as reader:
        while True:
            version = reader.data_version()
            head, head_us = reader.head()
            known = asked._replace(until=head if asked.until is None else min(head, asked.until))
            while page := reader.events(after, known):
                yield from page
                after = page[-1].position
                if len(page) < PAGE:
                    break
            after = max(after, head)  # What does not match is not read again at the next news.
            if stop is None or _passed(asked, head, head_us):
                return
            while reader.data_version() == version:
                if stop.wait(LOOK_EVERY_S) or _passed(asked, head, head_us):
                    return


def _passed(asked: Wanted, head: int, head_us: int) -> bool:
    """Whether nothing can come any more: the log's time never runs back."""
    if asked.until is not None and head >= asked.until:
        return True
    return asked.until_us is not None and max(head_us, time.time_ns() // 1_000 - GRACE_US) > asked.until_us


def line(seen: Seen) -> str:
    """For a person."""
    try:
        envelope = open_envelope(seen.envelope)
        when = (_EPOCH + envelope.at_us * _MICROSECOND).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (EnvelopeFault, OverflowError) as fault:
        return f"{seen.position:>9}  {shown(str(fault))}"
    what = f"{envelope.type} {envelope.stream}@{envelope.version}"
    size = f"{len(seen.envelope)}+{seen.sealed_bytes}"
    return f"{seen.position:>9}  {when}  {shown(what)}  {size} bytes  user {shown(envelope.user) or '-'}"


def json_line(seen: Seen) -> str:
    """The envelope, as it is hashed, and how long it and the sealed part are; for one that cannot be read, why."""
    sizes = {"position": seen.position, "envelope_bytes": len(seen.envelope), "sealed_bytes": seen.sealed_bytes}
    try:
        open_envelope(seen.envelope)
    except EnvelopeFault as fault:
        return msgspec.json.encode({**sizes, "fault": shown(str(fault))}).decode()
    return msgspec.json.encode({**sizes, "envelope": msgspec.Raw(seen.envelope)}).decode()


def _microseconds(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("--until takes a position, or a time such as 2026-05-04T10:00:00Z") from None
    if at.tzinfo is None:
        raise UsageError("--until: say of which zone the time is, for instance with a Z at its end")
    return (at - _EPOCH) // _MICROSECOND
