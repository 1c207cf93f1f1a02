"""Sending jobs, and seeing which ones wait. A message names an actor and ids, nothing else."""

from __future__ import annotations

from typing import Final

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DecodeError
from redis.exceptions import AuthenticationWrongNumberOfArgsError, NoPermissionError

from workers.broker import MEDIA, NAMESPACE, PROJECTIONS, TRANSCRIPTS, UPLOADS

WAITING_MAX: Final = 20_000
ALIVE_MS: Final = 60_000

Job = tuple[str, tuple[str | int, ...]]
"""Actor and arguments."""


class QueueDown(Exception):
    """The queue does not answer. Whatever was to be sent is still in the log."""


class Post:
    """Puts jobs into the queue."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        for queue_name in (PROJECTIONS, UPLOADS, MEDIA, TRANSCRIPTS):
            broker.declare_queue(queue_name)

    @property
    def client(self) -> redis.Redis:
        """Of the queue itself, for whoever looks into it."""
        client: redis.Redis = self._broker.client
        return client

    def project(self) -> None:
        self._send(PROJECTIONS, "project")

    def store_file(self, file_id: str) -> None:
        self._send(UPLOADS, "store_file", file_id)

    def analyse_file(self, file_id: str) -> None:
        self._send(MEDIA, "analyse_file", file_id)

    def transcribe_file(self, file_id: str) -> None:
        self._send(TRANSCRIPTS, "transcribe_file", file_id)

    def forget_file(self, file_id: str) -> None:
        self._send(UPLOADS, "forget_file", file_id)

    def forget_chat(self, chat_id: str) -> None:
        self._send(UPLOADS, "forget_chat", chat_id)

    def erase_account(self, user: str) -> None:
        self._send(UPLOADS, "erase_account", user)

    def sweep(self) -> None:
        self._send(UPLOADS, "sweep")

    def waiting(self) -> frozenset[Job] | None:
        """Jobs on files that wait, are being done or pause between tries. None: too many to look at."""
        jobs: set[Job] = set()
        try:
            for queue_name in (name + tail for name in (UPLOADS, MEDIA, TRANSCRIPTS) for tail in ("", ".DQ")):
                key = f"{NAMESPACE}:{queue_name}.msgs"
                if self._broker.client.hlen(key) > WAITING_MAX:
                    return None
                jobs.update(_job(data) for data in self._broker.client.hvals(key) if isinstance(data, bytes))
        except redis.RedisError as error:
            raise QueueDown(str(error)) from error
        return frozenset(jobs)

    def trouble(self) -> str:
        """Why the queue takes no jobs just now, "" where it does. Asked by a write: one that is out of memory answers a
        PING as ever."""
        try:
            self._broker.client.set(f"{NAMESPACE}:alive", b"", px=ALIVE_MS)
        except redis.RedisError as error:
            return _why(error)
        return ""

    def _send(self, queue_name: str, actor_name: str, *args: str | int) -> None:
        message: Message[None] = Message(queue_name=queue_name, actor_name=actor_name, args=args, kwargs={}, options={})
        try:
            self._broker.enqueue(message)
        except redis.RedisError as error:
            raise QueueDown(str(error)) from error


def _why(error: redis.RedisError) -> str:
    """For a person. What the error says itself may quote what somebody has sent."""
    match error:
        case redis.AuthenticationError() | AuthenticationWrongNumberOfArgsError() | NoPermissionError():
            return "it refuses the password: mend STRONGROOM_REDIS_URL"
        case redis.OutOfMemoryError():
            return "it is out of memory: give it more, or start it anew; jobs come again from the log"
        case redis.InvalidResponse():
            return "what answers there is no Redis or Valkey: mend STRONGROOM_REDIS_URL"
        case redis.ConnectionError() | redis.TimeoutError():
            return "no Redis or Valkey answers there: start it, or mend STRONGROOM_REDIS_URL; the log keeps the jobs"
        case _:
            return f"it refuses to take jobs ({type(error).__name__})"


def _job(data: bytes) -> Job:
    try:
        message = Message.decode(data)
    except DecodeError:
        return ("", ())
    return (message.actor_name, tuple(message.args))
