"""The queue as Strongroom uses it: ids only, short-lived, at least once. Losing all of it loses nothing."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import Any, Final

import redis
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, Retries

from service.machine.config import Settings
from service.machine.layout import Layout
from service.machine.valkey import queue_url

NAMESPACE: Final = "strongroom"
PROJECTIONS: Final = "projections"
UPLOADS: Final = "uploads"
MEDIA: Final = "media"
TRANSCRIPTS: Final = "transcripts"
MAX_BACKOFF_MS: Final = 60_000
DEAD_MESSAGE_TTL_MS: Final = 7 * 24 * 3_600_000  # For whoever runs the machine, after a weekend. How many: KEPT_MAX.
HEARTBEAT_TIMEOUT_MS: Final = 10_000
MAINTENANCE_PER_MILLION: Final = 100_000
"""How many looks at a queue also look for what dead workers held. An idle worker looks twenty times a second, so twice
a second one does. Dramatiq's own thousand would leave such a message lying for a minute."""
SOCKET_TIMEOUT_S: Final = 5.0
LOOK_S: Final = 1.0
"""Longest pause between two looks at an empty queue, for what no bell was rung: a message that a dead worker held."""
LISTEN_S: Final = 0.1
"""How long a bell is listened for at a time: a worker that is to stop is asked in between."""
IDLE_MS: Final = 20
"""Pause after an empty look, and while a worker has all that it may hold."""
DELAYED_IDLE_MS: Final = 500
"""Pause between two looks at messages that wait for their next try: nobody waits for those to the millisecond."""


class _Broker(RedisBroker):
    """Whoever puts a message into a queue rings its bell, and who waits at it is woken at once. Looking every few
    milliseconds instead took a tenth of a processor, day and night."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = IDLE_MS) -> Consumer:  # noqa: ARG002  (Dramatiq calls it so)
        """`timeout`, the worker's, also paces its threads; how often to ask the queue is decided here."""
        if _is_delayed(queue_name):
            return super().consume(queue_name, prefetch, DELAYED_IDLE_MS)
        self._bells[queue_name] = Bell(self.client, queue_name)  # New with each connection: it may have been lost.
        return super().consume(queue_name, prefetch, IDLE_MS)

    @functools.cached_property
    def _bells(self) -> dict[str, Bell]:
        return {}

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        """redis.RedisError. A message of which the bell was not heard is found within LOOK_S."""
        self._run("enqueue", queue_name, message_id, data)
        if not _is_delayed(queue_name):
            self.client.publish(bell_channel(queue_name), b"")

    def do_fetch(self, queue_name: str, most: int) -> list[bytes]:
        """What waits, at most so much; of an empty queue after the bell, or after LISTEN_S without one."""
        bell = self._bells.get(queue_name)
        if bell is not None and not bell.wait():
            return []
        found: list[bytes] = self._run("fetch", queue_name, most)
        if bell is not None and found:
            bell.look_again()
        return found

    def _run(self, command: str, queue_name: str, *args: object) -> Any:
        """A command of Dramatiq's, as it would be run without the bell."""
        return self._dispatch(command)(queue_name, *args)  # type: ignore[no-untyped-call]  # It has no annotations.


class Bell:
    """Of one queue, in the thread of its consumer."""

    def __init__(self, client: redis.Redis, queue_name: str) -> None:
        self._client = client
        self._channel = bell_channel(queue_name)
        self._heard: redis.client.PubSub | None = None
        self._look_at_s = 0.0

    def wait(self) -> bool:
        """Whether to look into the queue now: it rang, or it is time. redis.ConnectionError."""
        if self._heard is None:
            self._heard = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # Same.
            self._heard.subscribe(self._channel)
        if time.monotonic() < self._look_at_s and not self._rings():
            return False
        self._look_at_s = time.monotonic() + LOOK_S
        return True

    def look_again(self) -> None:
        """There was something, so there may be more."""
        self._look_at_s = 0.0

    def _rings(self) -> bool:
        """Waits for it; what rang meanwhile counts as once."""
        assert self._heard is not None
        until_s = time.monotonic() + LISTEN_S
        rang = False
        while (left_s := 0.0 if rang else until_s - time.monotonic()) > 0 or rang:
            if self._heard.get_message(timeout=left_s) is not None:
                rang = True
            elif rang:
                return True
        return False


def _is_delayed(queue_name: str) -> bool:
    return queue_name.endswith(".DQ")


def bell_channel(queue_name: str) -> str:
    return f"{NAMESPACE}:{queue_name}.bell"


def make_client(settings: Settings, layout: Layout) -> redis.Redis:
    """A client of the embedded Valkey, or of the server that the settings name. Connects when first used."""
    return redis.Redis.from_url(
        queue_url(settings, layout), socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S
    )


def make_broker(client: redis.Redis, settings: Settings, extra: Sequence[Middleware] = ()) -> RedisBroker:
    """A broker with the middleware chosen here and no other.

    No AgeLimit: an upload that waited for long still has to be stored. No TimeLimit: it raises an exception
    in the worker's thread between any two instructions, so also between a blob's rename and its event; a job
    ends because its file does. A message that a dead worker held comes back after HEARTBEAT_TIMEOUT_MS.
    """
    retries = Retries(max_retries=settings.retry_max, min_backoff=settings.retry_min_ms, max_backoff=MAX_BACKOFF_MS)
    return _Broker(  # type: ignore[no-untyped-call]  # Its constructor has no annotations.
        client=client,
        # After a job, middleware runs from last to first: `extra` comes to see what Retries has decided.
        middleware=[*extra, retries],
        namespace=NAMESPACE,
        dead_message_ttl=DEAD_MESSAGE_TTL_MS,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_PER_MILLION,
    )
