"""The queue from inside: what Valkey holds, and how to make it forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import redis

from service.machine.layout import Layout
from service.machine.valkey import socket_path
from tests.e2e.stack import Stack
from tests.waiting import wait_for

READING: dict[bytes, tuple[str, ...]] = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"list": ("LRANGE", "0", "-1"),
    b"set": ("SMEMBERS",),
    b"zset": ("ZRANGE", "0", "-1"),
}


def queue_memory(stack: Stack) -> bytes:
    """Every key and value that Valkey holds, as one."""
    with _client(stack) as queue:
        return b"\n".join(part for key in queue.scan_iter() for part in (key, _value(queue, key)))


def flush_all(stack: Stack) -> None:
    """Everything that the queue knows is gone; after a kill it may have to come back first."""
    wait_for(lambda: stack.pids("valkey"), "a queue to be emptied")
    with _client(stack) as queue:
        wait_for(lambda: _answers(queue), "the queue to answer")
        queue.flushall()


@contextmanager
def limited_to(stack: Stack, memory_bytes: int) -> Iterator[None]:
    """Valkey has no more memory than that, for the length of the block: it refuses whatever would take some."""
    with _client(stack) as queue:
        before = str(queue.config_get("maxmemory")["maxmemory"])
        queue.config_set("maxmemory", memory_bytes)
        try:
            yield
        finally:
            queue.config_set("maxmemory", before)


@contextmanager
def _client(stack: Stack) -> Iterator[redis.Redis]:
    path = socket_path(Layout(stack.data))
    with closing(redis.Redis(unix_socket_path=str(path), socket_timeout=5.0)) as queue:
        yield queue


def _answers(queue: redis.Redis) -> bool:
    try:
        return bool(queue.ping())
    except redis.ConnectionError:
        return False


def _value(queue: redis.Redis, key: bytes) -> bytes:
    """As it is, not as DUMP would write it: that compresses."""
    kind: object = queue.type(key)
    if kind == b"none":
        return b""  # Expired since it was listed.
    assert isinstance(kind, bytes)
    name, *rest = READING[kind]
    value: object = queue.execute_command(name, key, *rest)  # type: ignore[no-untyped-call]  # As the package has it.
    return repr(value).encode()
