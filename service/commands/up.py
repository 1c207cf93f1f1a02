"""`strongroom up`: one command that starts everything and keeps it running until it is told to stop. And parts of it
alone, for supervisors of other makes."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from service.commands.crews import api, environment_of, queue, workers
from service.commands.supervisor import Crew, StartError, Supervisor
from service.house.house import House
from service.house.operator import OperatorToken
from service.machine import locks, tally
from service.machine.config import Settings
from service.machine.layout import Layout, naming
from service.machine.locks import FileLock
from service.machine.process import harden
from service.machine.valkey import queue_url, socket_path, wait_for_valkey
from service.signing.continuity import require_history
from service.upkeep.sweep import first_sweep
from vault.throttle import Throttle

PROBE_S: Final = 0.05
LEFTOVER_S: Final = 6.0
LEAST_ROOM_BYTES: Final = 128 << 10
BACKLOG: Final = 2_048


def up(settings: Settings) -> None:
    """Returns once everything is stopped. StartError; LogRefused when the log is not the one that was signed; OSError
    and RuntimeError when the folder cannot be used."""
    harden()
    layout = _layout(settings)
    require_history(layout, settings)
    with _only_one(layout) as was_killed:
        tally.clear(layout)
        house = House(settings)
        with closing(house):
            _require_desk(layout, settings)
            _sweep(house, LEFTOVER_S if was_killed else 0.0)
        _require_room(layout)
        with closing(_listen(settings, LEFTOVER_S if was_killed else 0.0)) as listener:
            _Everything(settings, layout, listener).run()


def _require_desk(layout: Layout, settings: Settings) -> None:
    """What the API opens beside the house, opened once here: said in one line by this process, and not by one that dies
    again and again. RuntimeError, VaultError."""
    OperatorToken(layout, settings.operator_token)
    Throttle(layout.limits).close()


def _require_room(layout: Layout) -> None:
    """For what SQLite shares between processes beside each database: without it all of them would die, each with its
    own complaint. StartError."""
    found = os.statvfs(layout.data)
    free = (found.f_bfree if os.geteuid() == 0 else found.f_bavail) * found.f_frsize
    if found.f_blocks and free < LEAST_ROOM_BYTES:  # Some file systems tell of no blocks at all.
        needed = LEAST_ROOM_BYTES >> 10
        raise StartError(f"{layout.data}: {free >> 10} KiB are left on its disk, and a start needs {needed}: make room")


def _sweep(house: House, wait_s: float) -> None:
    """What a crash left, of whatever age, if nothing else works on this folder. The API of a supervisor that was
    killed may still be answering its last requests: their keys without an event are not orphans."""
    until_s = time.monotonic() + wait_s
    while True:
        with house.alone() as alone:
            if alone:
                first_sweep(house)
                return
        if time.monotonic() >= until_s:
            return  # The regular sweeps come by what is old enough.
        time.sleep(PROBE_S)


class _Everything:
    """The queue, the workers and the API on `listener`, for one supervisor."""

    def __init__(self, settings: Settings, layout: Layout, listener: socket.socket) -> None:
        # A free port is known by now, and children must not choose anything anew.
        self._port: int = listener.getsockname()[1]
        self._host = settings.host
        settings = msgspec.structs.replace(settings, data=str(layout.data), port=self._port)
        environment = environment_of(settings)
        self._crews: list[Crew] = []
        if settings.redis_url is None:
            self._crews.append(queue(layout))
            environment["STRONGROOM_REDIS_URL"] = queue_url(settings, layout)
        # Workers are replaced before the API: they read what an API of another version writes, not the other way round.
        self._crews.append(workers(environment, ("projections", "uploads,media,transcripts")))
        self._crews.append(api(settings, environment, listener))

    def run(self) -> None:
        Supervisor(self._crews, self._missing, f"ready {_address(self._host, self._port)}").run()

    def _missing(self) -> str | None:
        """What the API says is missing, None when it does not answer."""
        # S104: nothing is bound here; it is what such an address is reached by.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._host, self._host)  # noqa: S104  (see above)
        connection = http.client.HTTPConnection(host, self._port, timeout=2.0)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            body = response.read(4_096).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if response.status == 200 or _only_stands_still(body):
            return ""
        return f"/readyz answers {response.status}: {body}"


def api_alone(settings: Settings) -> None:
    """The API, and nothing else. StartError; OSError and RuntimeError when the folder cannot be used."""
    harden()
    layout = _layout(settings)
    with closing(House(settings)):
        _require_desk(layout, settings)
    with closing(_listen(settings, 0.0)) as listener:
        port: int = listener.getsockname()[1]
        settings = msgspec.structs.replace(settings, data=str(layout.data), port=port)
        _run_alone(api(settings, environment_of(settings), listener), f"listening {_address(settings.host, port)}")


def worker_alone(settings: Settings, queues: str) -> None:
    """One worker, and nothing else. StartError."""
    harden()
    layout = _layout(settings)
    House(settings).close()  # What keeps it from opening is said here in one line.
    settings = msgspec.structs.replace(settings, data=str(layout.data))
    _run_alone(workers(environment_of(settings), (queues,)), f"working on {queues}")


def queue_alone(settings: Settings) -> None:
    """The embedded Valkey, and nothing else. StartError when one answers there already: it would lose its socket."""
    harden()
    layout = _layout(settings)
    where = socket_path(layout)
    if wait_for_valkey(where, PROBE_S):
        raise StartError(f"a queue answers on {where} already")
    Supervisor([queue(layout)], lambda: "", f"listening unix://{where}").run()


def _run_alone(crew: Crew, ready: str) -> None:
    def missing() -> str:
        return "" if all(child.ready for child in crew.children) else "the processes have not begun"

    Supervisor([crew], missing, ready).run()


def _layout(settings: Settings) -> Layout:
    layout = Layout(Path(settings.data).absolute())
    layout.create()
    return layout


@contextmanager
def _only_one(layout: Layout) -> Iterator[bool]:
    """Holds the folder for this process. True: the one before us was killed, and children of it may still be
    ending.

    StartError when another is up.
    """
    path = layout.run / "up.lock"
    lock = locks.take(path, wait_s=0.2)
    if lock is None:
        raise StartError(f"{layout.data} is in use by another `strongroom up`")
    with lock:
        was_killed = bool(os.pread(lock.fd, 1, 0))
        with naming(path):
            os.pwrite(lock.fd, b"%d\n" % os.getpid(), 0)
        yield was_killed
        _mark_clean(lock)


def _mark_clean(lock: FileLock) -> None:
    os.ftruncate(lock.fd, 0)


def _listen(settings: Settings, patience_s: float) -> socket.socket:
    """The socket that outlives every restart of the API. StartError when the address cannot be had."""
    until_s = time.monotonic() + patience_s
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
            try:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                listener.listen(BACKLOG)
            except OSError:
                listener.close()
                raise
            return listener
        except OSError as error:
            if time.monotonic() >= until_s:
                why = error.strerror or str(error)
                raise StartError(f"cannot listen on {settings.host}:{settings.port}: {why}") from error
            time.sleep(PROBE_S)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _only_stands_still(body: str) -> bool:
    """Read tables that stopped at an event still serve what they have: no reason to serve nothing."""
    try:
        return bool(json.loads(body)["missing"] == ["projection"])
    except (ValueError, KeyError, TypeError):
        return False
