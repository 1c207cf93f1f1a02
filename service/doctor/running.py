"""What runs beside the truth, and can be made again: read tables, queue, workers, the children that open media."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import Final
from urllib.parse import unquote, urlsplit

from eventstore.log import Log
from projections.queries import Reader
from service.doctor.finding import NEWER, Unwell
from service.doctor.folder import require
from service.house.pulse import pulses
from service.house.standstill import standstill
from service.machine.config import Settings
from service.machine.layout import Layout
from service.machine.valkey import queue_address, valkey_binary
from service.media.child.seccomp import program as known_machine
from service.media.errors import MediaFailed
from service.media.opening import confinement

LAG_MAX: Final = 1_000
QUEUE_WAIT_S: Final = 2.0


def projection(layout: Layout) -> str:
    require(layout.events)
    with closing(Log(layout.events)) as log, closing(Reader(layout.user_data)) as reader:
        position = reader.position()  # Before the head, which only grows.
        lag = log.head() - position
    if (stands := standstill(layout)) is not None:
        newer = "UnknownEvent" in stands.why
        way = NEWER if newer else "`strongroom projections rebuild`; docs/operating.md, Read tables"
        raise Unwell(f"{stands}; {lag} events behind the log", way)
    if lag < 0:
        way = "nothing: the next worker begins them again"
        raise Unwell(f"{-lag} events past the end of the log: of another one", way)
    if lag > LAG_MAX:
        raise Unwell(f"{lag} events behind the log", "start a worker, if none is running; else give it time")
    return f"{lag} events behind the log"


def queue(layout: Layout, settings: Settings) -> str:
    beating = pulses(layout)
    if settings.redis_url is not None:
        _require_answer(settings.redis_url)
        if not beating["queue"] and any(beating.values()):
            way = "look into the log for `the queue takes no jobs`, and mend STRONGROOM_REDIS_URL"
            raise Unwell(f"{queue_address(settings, layout)} answers, and takes no jobs from the workers", way)
        return "set by STRONGROOM_REDIS_URL, and answers"
    binary = str(valkey_binary())
    if not beating["queue"] and any(beating.values()):
        way = "start `strongroom up` anew, or look at what keeps Valkey from starting"
        raise Unwell("workers are running, and the queue does not answer them", way)
    return binary


def workers(layout: Layout) -> str:
    """Not running is not unwell: the doctor may be asked while everything is down."""
    alive = [name for name, beats in pulses(layout).items() if beats]
    return f"alive: {', '.join(alive)}" if alive else "not running"


def media() -> str:
    """Tried by a child as it opens every medium."""
    try:
        left = confinement().open
    except MediaFailed as failure:
        machine = os.uname().machine
        why = failure.code if known_machine(machine) else f"no filter of system calls is known for {machine}"
        way = "a kernel with seccomp, on x86-64 or arm64; files are stored all the same"
        raise Unwell(f"no child can be confined, so no medium is opened: {why}", way) from None
    if left:
        raise Unwell(f"this system does not keep a child from: {', '.join(left)}", "a newer kernel")
    return "children are confined"


def _require_answer(url: str) -> None:
    """Somebody listens there. Nothing is said but PING, which tells nothing."""
    way = "start it, or mend STRONGROOM_REDIS_URL; nothing is lost meanwhile: the log keeps the jobs"
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(QUEUE_WAIT_S)
                client.connect(unquote(parts.path))
                return
        socket.create_connection((parts.hostname or "localhost", parts.port or 6379), QUEUE_WAIT_S).close()
    except (OSError, ValueError) as error:
        where = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
        raise Unwell(f"{where} does not answer: {error}", way) from None
