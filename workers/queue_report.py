"""Tells how the queue stands, and does again what was given up and is asked for: by the worker that relays, so that
there is one of it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final, assert_never

import msgspec
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

_COUNT: Final = """
local holders = redis.call("zrange", KEYS[1] .. ":__heartbeats__", 0, -1)
local states = {}
for at, queue in ipairs(ARGV) do
    local name = KEYS[1] .. ":" .. queue
    local ids = {redis.call("lindex", name, 0) or nil}
    local taken = 0
    for _, holder in ipairs(holders) do
        for _, id in ipairs(redis.call("smembers", KEYS[1] .. ":__acks__." .. holder .. "." .. queue)) do
            taken = taken + 1
            table.insert(ids, id)
        end
    end
    local bodies = {}
    for _, id in ipairs(ids) do
        table.insert(bodies, redis.call("hget", name .. ".msgs", id) or "")
    end
    local delayed, dead = redis.call("hlen", name .. ".DQ.msgs"), redis.call("zcard", name .. ".XQ")
    states[at] = {redis.call("llen", name), taken, delayed, dead, bodies}
end
return states
"""
"""Of each queue, at one moment: how many wait, are taken, delayed and dead; the messages of the first that waits and of
those that are taken. Dramatiq keeps the ids of what a worker has taken, and has not done, in a set of its own; a worker
takes no more than two for each of its threads, so there are few."""

log = structlog.get_logger("workers.queue")


class Reporter:
    """`tick` as often as one likes; it costs one exchange with the queue each second. `house` is this thread's own."""

    def __init__(self, house: House, client: redis.Redis) -> None:
        self._house = house
        self._client = client
        self._letters = DeadLetters(client)
        self._quiet = Quiet()
        self._counted: dict[str, QueueState] = {}  # Without `lost`: the queue does not know.
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
        lost = Counter(job.queue for job in failed if job.way == "lost")
        states = {queue: msgspec.structs.replace(state, lost=lost[queue]) for queue, state in self._counted.items()}
        try:
            queue_report.tell(self._house.layout, QueueReport(self._house.clock_us(), states, tuple(newest)))
        except OSError as error:  # A full disk: the report before it grows old, and says so.
            self._complain("queue report not written", error)

    def _complain(self, what: str, error: Exception) -> None:
        if self._quiet.may_say(what):
            log.warning(what, why=type(error).__name__)

    # -- counting ------------------------------------------------------------------------------------------------

    def _count(self) -> dict[str, QueueState]:
        found: Any = self._client.eval(_COUNT, 1, NAMESPACE, *QUEUES)
        states = {}
        for queue, (waiting, taken, delayed, failed, bodies) in zip(QUEUES, found, strict=True):
            sent = [at_us for at_us in map(_sent_at_us, bodies) if at_us is not None]
            states[queue] = QueueState(waiting, delayed, failed, min(sent, default=None), taken)
        return states

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


def _sent_at_us(body: bytes) -> int | None:
    """None for what is no message of ours."""
    try:
        return Message.decode(body).message_timestamp * 1_000
    except DecodeError:
        return None


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
