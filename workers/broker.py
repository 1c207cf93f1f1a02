"""The queue as Strongroom uses it: ids only, short-lived, at least once. Losing all of it loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import redis
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, Retries

from service.config import Settings
from service.layout import Layout
from service.valkey import queue_url

NAMESPACE: Final = "strongroom"
PROJECTIONS: Final = "projections"
UPLOADS: Final = "uploads"
MEDIA: Final = "media"
TRANSCRIPTS: Final = "transcripts"
MAX_BACKOFF_MS: Final = 60_000
DEAD_MESSAGE_TTL_MS: Final = 3_600_000
HEARTBEAT_TIMEOUT_MS: Final = 10_000
MAINTENANCE_PER_MILLION: Final = 20_000
"""How many looks at a queue also look for what dead workers held. With a hundred looks a second, two do.
Dramatiq's own thousand would leave such a message lying for another ten seconds, at times for a minute."""
SOCKET_TIMEOUT_S: Final = 5.0
IDLE_MS: Final = 20
"""Longest pause between two looks at an empty queue. Dramatiq's own would be a second."""
DELAYED_IDLE_MS: Final = 250
"""The same for messages that pause between tries: nobody waits for those to the millisecond."""


class _Broker(RedisBroker):
    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = IDLE_MS) -> Consumer:  # noqa: ARG002  (Dramatiq calls it so)
        """`timeout`, the worker's, also paces its threads; how often to ask the queue is decided here."""
        idle_ms = DELAYED_IDLE_MS if queue_name.endswith(".DQ") else IDLE_MS
        return super().consume(queue_name, prefetch, idle_ms)


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
