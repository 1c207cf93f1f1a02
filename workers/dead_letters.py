"""Jobs that were given up. Dramatiq keeps their messages aside; here they get a few last words, are looked at, sent
again or dropped. They name an actor and ids, like all messages, and how it ended by the class of the error."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import redis
from dramatiq import Message
from dramatiq.broker import Broker, MessageProxy
from dramatiq.errors import DecodeError
from dramatiq.middleware import Middleware

from service.house.pulse import QUEUES
from workers.broker import NAMESPACE, bell_channel

__all__ = ["KEPT_MAX", "QUEUES", "DeadLetters", "LastWords", "Letter"]  # Who looks at them asks for the queues, too.
KEPT_MAX: Final = 1_000
"""Of each queue, the newest. A disk that fails may bring down everything that waits."""
_CLASS: Final = re.compile(r"[A-Za-z_]\w{0,79}", re.ASCII)

_NOTE: Final = """
if redis.call("hexists", KEYS[1], ARGV[1]) == 1 then redis.call("hset", KEYS[1], ARGV[1], ARGV[2]) end
"""
"""Only while the message is there: one put back after a FLUSHALL would wait for ever."""

_SEND_AGAIN: Final = """
if redis.call("zrem", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("hdel", KEYS[2], ARGV[1])
redis.call("hset", KEYS[4], ARGV[2], ARGV[3])
redis.call("rpush", KEYS[3], ARGV[2])
redis.call("publish", ARGV[4], "")
return 1
"""
"""Out of the dead letters and into the queue at one stroke: never lost and never doubled, whoever dies."""


class Letter(msgspec.Struct, frozen=True):
    """`job_id`: of this one failure; the same job, failed again, gets another."""

    job_id: str
    queue: str
    failed_at_us: int
    actor: str
    args: tuple[str | int, ...]
    error: str
    tries: int


class LastWords(Middleware):
    """Writes into a message that is given up how often it was tried and what went wrong in the end: the class of the
    error. What Dramatiq would leave there is the text of the error before, which could hold a name."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def after_process_message(
        self,
        broker: Broker,  # noqa: ARG002  (the middleware's signature)
        message: MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002  (the same)
        exception: BaseException | None = None,
    ) -> None:
        if exception is None or not message.failed:
            return
        job_id = message.options["redis_message_id"]
        words = {"redis_message_id": job_id, "tries": message.options.get("retries", 1), "error": _class(exception)}
        noted = message.copy(options=words)
        noted.options.pop("traceback", None)
        self._client.eval(_NOTE, 1, f"{NAMESPACE}:{message.queue_name}.msgs", job_id, noted.encode())


class DeadLetters:
    """redis.RedisError from everything here."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def newest(self, queue: str, most: int, until_us: int | None = None) -> list[Letter]:
        """The last first; with `until_us` those that were given up by then."""
        until = "+inf" if until_us is None else until_us // 1_000
        marks: Any = self._client.zrevrangebyscore(_dead(queue), until, "-inf", start=0, num=most, withscores=True)
        if not marks:
            return []
        bodies: Any = self._client.hmget(f"{_dead(queue)}.msgs", [job_id for job_id, _ in marks])
        read = (_letter(queue, job_id, score, body) for (job_id, score), body in zip(marks, bodies, strict=True))
        return [letter for letter in read if letter is not None]

    def find(self, job_id: str) -> Letter | None:
        for queue in QUEUES:
            score: Any = self._client.zscore(_dead(queue), job_id)
            body: Any = self._client.hget(f"{_dead(queue)}.msgs", job_id)
            if score is not None:
                return _letter(queue, job_id.encode(), score, body)
        return None

    def send_again(self, letter: Letter) -> bool:
        """False: somebody else did."""
        fresh: Message[None] = Message(
            queue_name=letter.queue, actor_name=letter.actor, args=letter.args, kwargs={}, options={}
        )
        fresh = fresh.copy(options={"redis_message_id": fresh.message_id})
        dead, waiting = _dead(letter.queue), f"{NAMESPACE}:{letter.queue}"
        keys = (dead, f"{dead}.msgs", waiting, f"{waiting}.msgs")
        sent: Any = self._client.eval(
            _SEND_AGAIN, len(keys), *keys, letter.job_id, fresh.message_id, fresh.encode(), bell_channel(letter.queue)
        )
        return bool(sent)

    def drop(self, letter: Letter) -> None:
        """Idempotent."""
        self._remove(letter.queue, [letter.job_id])

    def trim(self, queue: str) -> None:
        """Leaves KEPT_MAX."""
        old: Any = self._client.zrange(_dead(queue), 0, -KEPT_MAX - 1)
        if old:
            self._remove(queue, old)

    def _remove(self, queue: str, job_ids: list[Any]) -> None:
        with self._client.pipeline(transaction=True) as both:
            both.zrem(_dead(queue), *job_ids)
            both.hdel(f"{_dead(queue)}.msgs", *job_ids)
            both.execute()


def _dead(queue: str) -> str:
    return f"{NAMESPACE}:{queue}.XQ"


def _class(error: BaseException) -> str:
    found = _CLASS.match(type(error).__name__)
    return "" if found is None else found[0]


def _letter(queue: str, job_id: bytes, score_ms: float, body: bytes | None) -> Letter | None:
    """None for what is no message of ours."""
    try:
        message = Message.decode(body or b"")
        told = {
            "job_id": job_id.decode(),
            "queue": queue,
            "failed_at_us": int(score_ms) * 1_000,
            "actor": message.actor_name,
            "args": message.args,
            "error": message.options.get("error", ""),
            "tries": message.options.get("tries", 0),
        }
        return msgspec.convert(told, Letter)
    except (DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None
