"""`strongroom up`: one command that starts everything and keeps it running until it is told to stop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec
import structlog

from service.house.house import House
from service.machine import locks
from service.machine.children import Child, stop_all
from service.machine.config import Settings, as_environment
from service.machine.layout import Layout
from service.machine.locks import FileLock
from service.machine.process import harden
from service.machine.valkey import (
    prepare_socket_folder,
    queue_url,
    socket_path,
    valkey_command,
    wait_for_valkey,
)
from service.signing.continuity import require_history
from service.upkeep.sweep import first_sweep

READY_S: Final = 60.0
PROBE_S: Final = 0.05
WATCH_S: Final = 0.1
VALKEY_START_S: Final = 10.0
DEATHS_BEFORE_READY: Final = 5
API_STOP_S: Final = 5.0
WORKERS_STOP_S: Final = 3.0
VALKEY_STOP_S: Final = 1.0
LEFTOVER_S: Final = 6.0
BACKLOG: Final = 2_048
# Read by dramatiq when it is imported: how soon a consumer looks again for a queue that went away.
QUEUE_RETRY: Final = {"dramatiq_restart_delay": "250"}

log = structlog.get_logger("service.commands.up")


class StartError(Exception):
    """Why it cannot start, as one line for a person."""


def up(settings: Settings) -> None:
    """Returns once everything is stopped. StartError; LogRefused when the log is not the one that was signed; OSError
    and RuntimeError when the folder cannot be used."""
    harden()
    layout = _layout(settings)
    require_history(layout, settings)
    with _only_one(layout) as was_killed:
        house = House(settings)
        with closing(house):
            _sweep(house, LEFTOVER_S if was_killed else 0.0)
        with closing(_listen(settings, LEFTOVER_S if was_killed else 0.0)) as listener:
            _Supervisor(settings, layout, listener).run()


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


class _Supervisor:
    def __init__(self, settings: Settings, layout: Layout, listener: socket.socket) -> None:
        # A free port is known by now, and children must not choose anything anew.
        self._address = _address(settings.host, listener.getsockname()[1])
        self._port: int = listener.getsockname()[1]
        self._host = settings.host
        self._signals = 0
        settings = msgspec.structs.replace(settings, data=str(layout.data), port=self._port)
        environment = {**os.environ, **QUEUE_RETRY, **as_environment(settings)}
        self._valkey: list[Child] = []
        if settings.redis_url is None:
            prepare_socket_folder(socket_path(layout))
            self._valkey = [Child("valkey", valkey_command(layout), environment=_bare(), death_signal=signal.SIGKILL)]
            environment["STRONGROOM_REDIS_URL"] = queue_url(settings, layout)
        self._socket_path = socket_path(layout)
        self._workers = [
            Child(
                f"worker:{queues}",
                worker_command(queues),
                environment=environment,
                death_signal=signal.SIGKILL,  # Safe for them at any moment, and the folder is free at once.
            )
            for queues in ("projections", "uploads,media,transcripts")
        ]
        self._api = [
            Child(
                "api",
                api_command(f"fd://{listener.fileno()}"),
                environment=environment,
                death_signal=signal.SIGTERM,  # It takes its own processes down.
                keep_fds=[listener.fileno()],
            )
        ]

    @property
    def _children(self) -> list[Child]:
        return [*self._valkey, *self._workers, *self._api]

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            while not self._signals:
                for child in self._children:
                    child.keep_alive()
                time.sleep(WATCH_S)
        finally:
            self._stop()

    def _start(self) -> None:
        for child in self._valkey:
            child.start()
            if not wait_for_valkey(self._socket_path, VALKEY_START_S):
                raise StartError("the embedded Valkey does not answer")
        for child in (*self._workers, *self._api):
            child.start()
        until_s = time.monotonic() + READY_S
        missing = "the API does not answer"
        while not self._signals:
            answer = self._probe()
            if answer == "":
                print(f"ready {self._address}", flush=True)  # noqa: T201  (the one line on standard output)
                return
            missing = answer or missing
            for child in self._children:
                child.keep_alive()
                if child.deaths >= DEATHS_BEFORE_READY:
                    raise StartError(f"{child.name} died {child.deaths} times while starting")
            if time.monotonic() >= until_s:
                raise StartError(f"not ready within {READY_S:.0f} s: {missing}")
            time.sleep(PROBE_S)

    def _probe(self) -> str | None:
        """ "" when ready, what is missing when the API says so, None when it does not answer."""
        # S104: nothing is bound here; who listens on every address is asked on this machine's own.
        # S104: nothing is bound here; it is what such an address is reached by.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._host, self._host)  # noqa: S104
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

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _stop(self) -> None:
        """Doors first, then the jobs, then the queue: nobody is left waiting for somebody already gone."""
        if not self._signals:
            self._signals = 1  # An error brought us here; from now on a signal is the second.
        for children, timeout_s in (
            (self._api, API_STOP_S),
            (self._workers, WORKERS_STOP_S),
            (self._valkey, VALKEY_STOP_S),
        ):
            stop_all(children, timeout_s, hurry=lambda: self._signals > 1)


def api_command(bind: str) -> list[str]:
    """gunicorn with the API's own configuration, on `bind` (an address, or `fd://n`)."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn", "-b", bind, "api.app:create()"]


def worker_command(queues: str) -> list[str]:
    return [sys.executable, "-m", "workers.main", "--queues", queues]


def _bare() -> dict[str, str]:
    """What Valkey needs of the environment: none of our settings, the server key least of all."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}


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
    lock = locks.take(layout.run / "up.lock", wait_s=0.2)
    if lock is None:
        raise StartError(f"{layout.data} is in use by another `strongroom up`")
    with lock:
        was_killed = bool(os.pread(lock.fd, 1, 0))
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
