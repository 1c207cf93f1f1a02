"""Tells how the queue stands, and does again what was given up and is asked for: by the worker that relays, so that
there is one of it."""

from __future__ import annotations

import time
from typing import Any, Final, assert_never

import redis
import structlog
from dramatiq import Message
from dramatiq.errors import DecodeError

from eventstore.errors import LogError
from service.house import queue_report, retry_requests
from service.house.house import House
from service.house.queue_report import FAILED_SHOWN, FailedJob, QueueReport, QueueState, Way
from service.house.retry_requests import ALL, Asked
from service.processing import retrying
from service.processing.retrying import Prospect
from service.processing.storing import load_file
from workers.broker import NAMESPACE
from workers.dead_letters import KEPT_MAX, QUEUES, DeadLetters, Letter
from workers.post import QueueDown
from workers.quiet import Quiet

LOOK_EVERY_S: Final = 1.0
TELL_EVERY_S: Final = 5.0
ABOUT_FILES: Final = frozenset(("store_file", "analyse_file", "transcribe_file"))
NAMING_FILES: Final = ABOUT_FILES | {"forget_file"}

log = structlog.get_logger("workers.queue")


class Reporter:
    """`tick` as often as one likes; it costs one exchange with the queue each second. `house` is this thread's own."""

    def __init__(self, house: House, client: redis.Redis) -> None:
        self._house = house
        self._client = client
        self._letters = DeadLetters(client)
        self._quiet = Quiet()
        self._counted: dict[str, QueueState] = {}
        self._look_at_s = 0.0
        self._tell_at_s = 0.0

    def tick(self) -> None:
        """QueueDown: nothing was told, and what is asked for stays asked for."""
        now_s = time.monotonic()
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_EVERY_S
        try:
            again = self._do_again()
            counted = self._count()
            if not again and counted == self._counted and now_s < self._tell_at_s:
                return
            failed, dropped = self._examine([name for name, state in counted.items() if state.failed])
            self._counted = self._count() if dropped else counted
        except redis.RedisError as error:
            raise QueueDown(str(error)) from error
        self._tell_at_s = now_s + TELL_EVERY_S
        self._tell(failed)

    def _tell(self, failed: list[FailedJob]) -> None:
        newest = sorted(failed, key=lambda job: job.failed_at_us, reverse=True)[:FAILED_SHOWN]
        try:
            queue_report.tell(self._house.layout, QueueReport(self._house.clock_us(), self._counted, tuple(newest)))
        except OSError as error:  # A full disk: the report before it grows old, and says so.
            self._complain("queue report not written", error)

    def _complain(self, what: str, error: Exception) -> None:
        if self._quiet.may_say(what):
            log.warning(what, why=type(error).__name__)

    # -- counting ------------------------------------------------------------------------------------------------

    def _count(self) -> dict[str, QueueState]:
        with self._client.pipeline(transaction=False) as asked:
            for name in (f"{NAMESPACE}:{queue}" for queue in QUEUES):
                asked.llen(name)
                asked.hlen(f"{name}.DQ.msgs")
                asked.zcard(f"{name}.XQ")
                asked.lindex(name, 0)
            found: list[Any] = asked.execute()
        states = {}
        for at, queue in enumerate(QUEUES):
            waiting, delayed, failed, first = found[4 * at : 4 * at + 4]
            states[queue] = QueueState(waiting, delayed, failed, self._sent_at_us(queue, first))
        return states

    def _sent_at_us(self, queue: str, message_id: bytes | None) -> int | None:
        """None when there is none, or it was taken meanwhile."""
        body: Any = None if message_id is None else self._client.hget(f"{NAMESPACE}:{queue}.msgs", message_id.decode())
        try:
            return None if body is None else Message.decode(body).message_timestamp * 1_000
        except DecodeError:
            return None

    # -- what was given up ---------------------------------------------------------------------------------------

    def _examine(self, queues: list[str]) -> tuple[list[FailedJob], bool]:
        """The newest of each queue; and whether some were dropped, about which there is nothing left to do, or which
        a newer one says again."""
        failed: list[FailedJob] = []
        dropped = False
        for queue in queues:
            self._letters.trim(queue)
            said: set[tuple[str, tuple[str | int, ...]]] = set()
            for letter in self._letters.newest(queue, FAILED_SHOWN):
                job = (letter.actor, letter.args)
                way: Prospect = "settled" if job in said else self._prospect(letter)
                said.add(job)
                if way == "settled":
                    self._letters.drop(letter)
                    dropped = True
                else:
                    failed.append(_told(letter, way))
        return failed, dropped

    def _prospect(self, letter: Letter) -> Prospect:
        if letter.actor not in ABOUT_FILES or not letter.args:
            return "retry"
        return retrying.prospect(self._house, self._house.log, letter.actor, str(letter.args[0]))

    # -- doing it again ------------------------------------------------------------------------------------------

    def _do_again(self) -> bool:
        """Whether something was asked for. A request is finished last: a crash before has it looked at once more, and
        what cannot be done just now (the disk is full) is tried again."""
        try:
            requests = retry_requests.asked(self._house.layout)
            for request in requests:
                for letter in self._meant(request):
                    self._again(letter)
                retry_requests.finish(self._house.layout, request)
        except (OSError, LogError) as error:
            self._complain("jobs not sent again", error)
            return False
        return bool(requests)

    def _meant(self, request: Asked) -> list[Letter]:
        if request.job != ALL:
            found = self._letters.find(request.job)
            return [] if found is None else [found]
        # Not what failed again since: an end is in sight.
        return [letter for queue in QUEUES for letter in self._letters.newest(queue, KEPT_MAX, request.at_us)]

    def _again(self, letter: Letter) -> None:
        match self._prospect(letter):
            case "settled":
                self._letters.drop(letter)
            case "lost":
                pass
            case "retry" if self._has_failed(letter):
                # The relay sees the event and sends the job.
                retrying.begin_again(self._house, self._house.log, str(letter.args[0]))
                self._letters.drop(letter)
                log.info("file tried again", file_id=letter.args[0])
            case "retry":
                if self._letters.send_again(letter):
                    log.info("job sent again", job=letter.actor)
            case never:
                assert_never(never)

    def _has_failed(self, letter: Letter) -> bool:
        if letter.actor != "store_file" or not letter.args:
            return False
        loaded = load_file(self._house.log, str(letter.args[0]))
        return loaded is not None and loaded.state.status == "error"


def _told(letter: Letter, way: Way) -> FailedJob:
    """Of the ids in its message those of files alone."""
    subject = str(letter.args[0]) if letter.actor in NAMING_FILES and letter.args else ""
    return FailedJob(
        job_id=letter.job_id,
        queue=letter.queue,
        actor=letter.actor,
        subject=subject,
        failed_at_us=letter.failed_at_us,
        error=letter.error,
        tries=letter.tries,
        way=way,
    )
