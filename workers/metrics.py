"""What jobs tell of themselves: how many, how long, how they ended; and in every line logged meanwhile, which job it
is and which request caused it."""

from __future__ import annotations

import time
from typing import Any, Final

import structlog
from dramatiq.broker import Broker, MessageProxy
from dramatiq.middleware import Middleware
from structlog.contextvars import bind_contextvars, unbind_contextvars

from service.machine.meter import OTHER, Meter
from service.machine.metrics import JOB_SECONDS, JOBS, JOBS_RUNNING
from service.machine.request_ids import RequestIds

# What the argument of a job names: where the request that caused it left its id.
STREAMS: Final = {
    "store_file": "file-",
    "analyse_file": "file-",
    "transcribe_file": "file-",
    "forget_file": "file-",
    "forget_chat": "chat-",
    "erase_account": "account-",
}

log = structlog.get_logger("workers.metrics")


class Measuring(Middleware):
    """Comes first in the list: before every other one that logs, and after all have decided."""

    def __init__(self, meter: Meter, request_ids: RequestIds) -> None:
        self._meter = meter
        self._request_ids = request_ids
        self._begun_s: dict[str, float] = {}  # Of the jobs under way, one per thread.

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        actor = _actor(broker, message)
        self._begun_s[message.message_id] = time.perf_counter()
        bind_contextvars(job_id=message.message_id, actor=actor)
        if (caused_by := self._caused_by(message)) is not None:
            bind_contextvars(request_id=caused_by)
        self._meter.add(JOBS_RUNNING, 1, (actor,))

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002  (the middleware's signature)
        exception: BaseException | None = None,
    ) -> None:
        if (begun_s := self._begun_s.pop(message.message_id, None)) is None:
            return
        actor, took_s = _actor(broker, message), time.perf_counter() - begun_s
        outcome = "done" if exception is None else "failed" if message.failed else "retried"
        self._meter.add(JOBS_RUNNING, -1, (actor,))
        self._meter.add(JOBS, 1, (actor, outcome))
        self._meter.observe(JOB_SECONDS, took_s, (actor,))
        log.debug("job ended", outcome=outcome, duration_ms=round(took_s * 1_000, 2))
        unbind_contextvars("job_id", "actor", "request_id")

    def _caused_by(self, message: MessageProxy) -> str | None:
        prefix = STREAMS.get(message.actor_name)
        return None if prefix is None or not message.args else self._request_ids.find(f"{prefix}{message.args[0]}")


def _actor(broker: Broker, message: MessageProxy) -> str:
    """By a name of ours: what lies in a queue could have any."""
    return message.actor_name if message.actor_name in broker.actors else OTHER
