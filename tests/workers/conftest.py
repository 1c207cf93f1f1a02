"""A house, a real Valkey, and worker processes as `strongroom up` starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from service.commands.crews import QUEUE_RETRY
from service.house.house import House
from service.machine.config import Settings, as_environment
from service.machine.valkey import prepare_socket_folder, queue_url, socket_path, valkey_command, wait_for_valkey
from tests import builders
from tests.builders import Person

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[bytes]
StartWorker = Callable[..., Process]


class Valkey:
    """The embedded queue, to be killed and started again."""

    def __init__(self, house: House) -> None:
        self.path = socket_path(house.layout)
        self._command = valkey_command(house.layout)
        self.url = queue_url(house.settings, house.layout)
        self.process: Process | None = None

    def start(self) -> None:
        prepare_socket_folder(self.path)
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        assert wait_for_valkey(self.path, 10.0)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)


def swept_often(folder: Path) -> Settings:
    return builders.settings(folder / "data", sweep_seconds=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return swept_often(tmp_path)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


@contextmanager
def living_valkey(house: House) -> Iterator[Valkey]:
    valkey = Valkey(house)
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()


@contextmanager
def worker_starts(settings: Settings) -> Iterator[StartWorker]:
    """`start("projections")` and so on; whatever was started is stopped at the end."""
    started: list[Process] = []
    log = Path(settings.data).with_name("workers.log")

    def start(queues: str = "projections,uploads,media,transcripts") -> Process:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **QUEUE_RETRY, **as_environment(settings)}
        command = [sys.executable, "-m", "workers.main", "--queues", queues]
        with log.open("ab") as lines:
            process = subprocess.Popen(command, env=environment, stderr=lines)
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def valkey(house: House) -> Iterator[Valkey]:
    with living_valkey(house) as valkey:
        yield valkey


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[StartWorker]:
    with worker_starts(settings) as start:
        yield start
