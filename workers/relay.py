"""Log → queue. The log is the outbox: the relay reads it after its cursor and sends what each event asks for.

Nothing depends on the cursor or the queue surviving. A lost cursor starts where the read tables are: what is
before that and still waits can be asked of the tables, and is sent again like everything the queue has lost.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Final

import structlog

from eventstore.record import Envelope
from projections.errors import ProjectionError, ProjectionStopped
from service.house.house import House
from service.machine import locks
from service.machine.locks import FileLock
from service.processing.storing import LoadedFile
from service.upkeep.projecting import projector_running
from service.upkeep.waiting import waiting_files, waiting_findings
from workers.pauses import Pauses
from workers.post import Job, Post, QueueDown
from workers.queue_report import Reporter
from workers.quiet import Quiet

POLL_S: Final = 0.008
RESTING_POLL_S: Final = 0.025
"""Where nothing has come for RESTING_AFTER_S: to look all the time would take a thirtieth of a processor, day and
night."""
RESTING_AFTER_S: Final = 1.0
PAGE: Final = 500
CURSOR_DIGITS: Final = 20
CURSOR_EVERY_S: Final = 1.0
RESEND_EVERY_S: Final = 5.0
RESEND_AGE_US: Final = 3_000_000
PROJECT_PAUSE_S: Final = 0.25
PROJECT_PAUSE_MAX_S: Final = 5.0
DOWN_PAUSE_S: Final = 0.05
DOWN_PAUSE_MAX_S: Final = 1.0
TAKE_OVER_S: Final = 1.0

log = structlog.get_logger("workers.relay")


def run(house: House, post: Post, stopping: threading.Event) -> None:
    """Relays until `stopping`. One relay at a time: another process waits here to take over. `house` is this
    thread's own."""
    quiet = Quiet()
    while not stopping.is_set():
        lock = locks.take(house.layout.run / "relay.lock")
        if lock is None:
            stopping.wait(TAKE_OVER_S)
            continue
        with lock:
            relay, reporter = Relay(house, post, lock), Reporter(house, post.client)
            down_s = DOWN_PAUSE_S
            while not stopping.is_set():
                try:
                    relay.tick()
                    reporter.tick()
                    down_s, pause_s = DOWN_PAUSE_S, relay.pause_s
                except (QueueDown, ProjectionError) as error:
                    if quiet.may_say(why := _why(error)):
                        log.warning("relay waits", why=why)
                    pause_s, down_s = down_s, min(2 * down_s, DOWN_PAUSE_MAX_S)
                stopping.wait(pause_s)
            relay.save_cursor()


def _why(error: QueueDown | ProjectionError) -> str:
    """The kind of it, and the event where the tables stand still: another one is news."""
    kind = type(error).__name__
    return f"{kind} at {error.position}" if isinstance(error, ProjectionStopped) else kind


class Relay:
    """`tick` looks once. QueueDown leaves the cursor before what could not be sent."""

    def __init__(self, house: House, post: Post, lock: FileLock) -> None:
        self._house = house
        self._post = post
        self._lock = lock
        self._seen: int | None = None
        self._cursor = self._load_cursor()
        self._saved = self._cursor
        self.behind = True  # There may be more to read at once.
        self._news_at_s = time.monotonic()
        self._project = _ProjectCalls(house, post)
        self._transcripts = house.settings.transcribe != "off"
        self._findings_after = ""
        self._pauses = Pauses()
        self._resend_at_s = 0.0
        self._save_at_s = 0.0
        self._sweep_at_s = time.monotonic()

    @property
    def pause_s(self) -> float:
        """Until the next look."""
        if self.behind:
            return 0.0
        return POLL_S if time.monotonic() - self._news_at_s < RESTING_AFTER_S else RESTING_POLL_S

    def tick(self) -> None:
        now_s = time.monotonic()
        version = self._house.log.data_version()
        if self.behind or version != self._seen:
            self._seen, self._news_at_s = version, now_s
            self._read_page()
        self._project.tick(self._cursor, now_s)
        if now_s >= self._save_at_s:
            self._save_at_s = now_s + CURSOR_EVERY_S
            self.save_cursor()
        if now_s >= self._resend_at_s:
            self._resend_at_s = now_s + RESEND_EVERY_S
            self._resend()
        if now_s >= self._sweep_at_s:
            self._sweep_at_s = now_s + self._house.settings.sweep_seconds
            self._sweep()

    def save_cursor(self) -> None:
        """Into the lock's own file, without fsync: an old cursor only sends again."""
        if self._cursor != self._saved:
            os.pwrite(self._lock.fd, b"%0*d" % (CURSOR_DIGITS, self._cursor), 0)
            self._saved = self._cursor

    def _load_cursor(self) -> int:
        saved = os.pread(self._lock.fd, CURSOR_DIGITS, 0)
        if len(saved) == CURSOR_DIGITS and saved.isdigit() and int(saved) <= self._house.log.head():
            return int(saved)
        # None, torn, or of a longer log than the one restored; and so may the tables be.
        return min(self._house.reader.position(), self._house.log.head())

    def _read_page(self) -> None:
        envelopes = self._house.log.read_envelopes(self._cursor, PAGE)
        for envelope in envelopes:
            self._relay(envelope)
            self._cursor = envelope.position
        self.behind = len(envelopes) == PAGE

    def _relay(self, envelope: Envelope) -> None:
        subject = envelope.stream.partition("-")[2]
        match envelope.type:
            case "FileUploaded" | "FileRetried":
                self._post.store_file(subject)
            case "FileStored":
                if self._house.keyring.finding_key(subject) is not None:
                    self._post.analyse_file(subject)
            case "AudioAnalysed":
                if self._transcripts and self._house.keyring.finding_key(subject) is not None:
                    self._post.transcribe_file(subject)
            case "FileDeleted":
                self._post.forget_file(subject)
            case "ChatDeleted":
                self._post.forget_chat(subject)
            case "ErasureRequested":
                self._post.erase_account(envelope.user)
            case _:
                pass  # Asks for nothing but projecting.

    def _resend(self) -> None:
        """What is uploaded and neither done, nor failed, nor in the queue: FLUSHALL, a new queue, a killed
        worker. Findings a page at a time, and the same ever more slowly: a full disk, or an endpoint that is away, has
        them wait for long."""
        before_us = self._house.clock_us() - RESEND_AGE_US
        uploaded = waiting_files(self._house, before_us)
        stored, after = waiting_findings(self._house, self._findings_after, before_us)
        known = self._post.waiting() if uploaded or stored else frozenset()
        if known is None:
            return
        lost = [file_id for file_id in uploaded if ("store_file", (file_id,)) not in known]
        for file_id in lost:
            self._post.store_file(file_id)
        unseen = sum(self._resend_finding(file, known) for file in stored)
        self._findings_after = after
        if not after:
            self._pauses.end_round()
        if lost or unseen:
            log.info("jobs sent again", uploads=len(lost), analyses=unseen)

    def _resend_finding(self, file: LoadedFile, known: frozenset[Job]) -> bool:
        transcribe = self._transcripts and file.state.analysed
        name = ("transcribe_file" if transcribe else "analyse_file", file.file_id)
        if (name[0], (file.file_id,)) in known:
            self._pauses.keep(name)
            return False
        if not self._pauses.due(name, time.monotonic()):
            return False
        if transcribe:
            self._post.transcribe_file(file.file_id)
        else:
            self._post.analyse_file(file.file_id)
        return True

    def _sweep(self) -> None:
        known = self._post.waiting()
        if known is not None and ("sweep", ()) not in known:
            self._post.sweep()


class _ProjectCalls:
    """Calls for a projector while the tables lag and none is at work. A projector stays a little and reads
    the log itself, so under load almost nothing is sent; one that ends just as an event arrives is called
    again."""

    def __init__(self, house: House, post: Post) -> None:
        self._house = house
        self._post = post
        self._wanted = 0
        self._reached = -1
        self._pause_s = PROJECT_PAUSE_S
        self._next_s = 0.0
        self._lagging = True

    def tick(self, head: int, now_s: float) -> None:
        if head != self._wanted:
            if not self._lagging:
                self._next_s, self._pause_s = 0.0, PROJECT_PAUSE_S  # News after a rest: at once.
            self._wanted, self._lagging = head, True
        if not self._lagging or now_s < self._next_s or projector_running(self._house.layout):
            return
        position = self._house.reader.position()
        if head <= position <= self._house.log.head():  # Past its end, they are of another log, and to be begun again.
            self._lagging = False
            return
        # A call that brought nothing (the projection fails, or the queue has lost it) is repeated ever more
        # slowly.
        self._pause_s = PROJECT_PAUSE_S if position != self._reached else min(2 * self._pause_s, PROJECT_PAUSE_MAX_S)
        self._reached = position
        self._next_s = now_s + self._pause_s
        self._post.project()
