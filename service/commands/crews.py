"""The processes that Strongroom consists of: what starts each, and how long each gets to end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from service.commands.supervisor import Crew
from service.machine.children import Child
from service.machine.config import Settings, as_environment, load_settings
from service.machine.init_system import ADDRESS
from service.machine.layout import Layout
from service.machine.process import SINCE
from service.machine.valkey import prepare_socket_folder, socket_path, tell_of_valkey, valkey_command, wait_for_valkey

VALKEY_START_S: Final = 10.0
API_STOP_S: Final = 5.0
WORKERS_STOP_S: Final = 3.0
VALKEY_STOP_S: Final = 1.0
# Read by dramatiq when it is imported: how soon a consumer looks again for a queue that went away.
QUEUE_RETRY: Final = {"dramatiq_restart_delay": "250"}


def queue(layout: Layout) -> Crew:
    prepare_socket_folder(socket_path(layout))
    valkey = Child(
        "valkey",
        valkey_command(layout),
        environment=_bare(),
        death_signal=signal.SIGKILL,
        says=tell_of_valkey,
    )
    return Crew(
        "the embedded Valkey",
        [valkey],
        VALKEY_STOP_S,
        begun=lambda: wait_for_valkey(socket_path(layout), VALKEY_START_S),
        replaced=False,
    )


def workers(environment: Mapping[str, str], queues: Sequence[str]) -> Crew:
    # SIGKILL is safe for them at any moment, and the folder is free at once.
    children = [
        Child(
            f"worker:{each}",
            worker_command(each),
            environment=environment,
            death_signal=signal.SIGKILL,
            ready_after=1,
        )
        for each in queues
    ]
    return Crew("workers", children, WORKERS_STOP_S)


def api(settings: Settings, environment: Mapping[str, str], listener: socket.socket) -> Crew:
    child = Child(
        "api",
        api_command(f"fd://{listener.fileno()}"),
        environment=environment,
        death_signal=signal.SIGTERM,  # It takes its own processes down.
        keep_fds=[listener.fileno()],
        ready_after=settings.api_processes,
    )
    return Crew("api", [child], API_STOP_S)


def environment_of(settings: Settings) -> dict[str, str]:
    """What this program was told, and where its options differ from that. Defaults are not among it: a version that is
    installed meanwhile has its own, and may know a setting no more."""
    told = as_environment(load_settings())
    differing = {name: value for name, value in as_environment(settings).items() if told.get(name) != value}
    inherited = {name: value for name, value in os.environ.items() if name != ADDRESS}  # gunicorn would tell, too.
    return {**inherited, **QUEUE_RETRY, **differing, SINCE: str(int(time.time()))}


def api_command(bind: str) -> list[str]:
    """gunicorn with the API's own configuration, on `bind` (an address, or `fd://n`)."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn", "-b", bind, "api.app:create()"]


def worker_command(queues: str) -> list[str]:
    return [sys.executable, "-m", "workers.main", "--queues", queues]


def _bare() -> dict[str, str]:
    """What Valkey needs of the environment: none of our settings, the server key least of all."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
