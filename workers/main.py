"""A worker process: `python -m workers.main --queues projections,uploads`. Runs until SIGTERM or SIGINT.

Each queue has a broker and threads of its own, so that uploads never hold the projector up. Whoever works on
`projections` also runs the relay. Media are opened in child processes: their queue costs its process little.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

import structlog
from dramatiq import Worker
from dramatiq.brokers.redis import RedisBroker

from eventstore.errors import LogError
from projections.errors import ProjectionError
from service.house.house import House
from service.house.pulse import QUEUES, Pulse
from service.machine.config import Settings, SettingsError, load_settings
from service.machine.faults_told import plain_error
from service.machine.layout import Layout
from service.machine.logging import configure
from service.machine.meter import Meter, begin
from service.machine.process import harden, tell_ready
from service.machine.request_ids import RequestIds
from service.machine.valkey import queue_address
from service.media.transcribe import Engine, engine_for
from service.signing.signing import start_signing
from vault.errors import VaultError
from workers import relay
from workers.actors import FailFiles, declare_media, declare_project, declare_transcripts, declare_uploads
from workers.broker import MEDIA, PROJECTIONS, TRANSCRIPTS, UPLOADS, make_broker, make_client
from workers.dead_letters import LastWords
from workers.houses import Houses
from workers.metrics import Measuring
from workers.post import Post
from workers.quiet import Quiet, QuietConsumers

THREAD_IDLE_MS: Final = 200  # How soon an idle thread sees that it is to stop; work wakes it at once.
TRANSCRIPT_THREADS: Final = 1  # An engine uses all processors there are; a second recording would slow both.
PROJECTION_THREADS: Final = 2  # The second takes over while the first waits for a queue that went away.
STOP_MS: Final = 4_000
BEAT_S: Final = 1.0
Declare = Callable[[RedisBroker, Houses, threading.Event], Engine | None]
DECLARE: Final[dict[str, Declare]] = {
    PROJECTIONS: declare_project,
    UPLOADS: declare_uploads,
    MEDIA: declare_media,
    TRANSCRIPTS: declare_transcripts,
}
THREADS: Final = {PROJECTIONS: PROJECTION_THREADS, TRANSCRIPTS: TRANSCRIPT_THREADS}

log = structlog.get_logger("workers.main")


class Station:
    """One queue: its broker, its jobs, its threads, its pulse."""

    def __init__(
        self,
        settings: Settings,
        queue_name: str,
        houses: Houses,
        measuring: Measuring,
        stopping: threading.Event,
        quiet: Quiet,
    ) -> None:
        house = houses.here()
        self._quiet = quiet
        self._address = queue_address(settings, house.layout)
        client = make_client(settings, house.layout)
        watchers = [measuring, LastWords(client), *([] if queue_name == PROJECTIONS else [FailFiles(houses)])]
        broker = make_broker(client, settings, watchers)
        self._engine = DECLARE[queue_name](broker, houses, stopping)
        threads = THREADS.get(queue_name, settings.worker_threads)
        self.post = Post(make_broker(client, settings))
        self._worker = Worker(broker, queues={queue_name}, worker_timeout=THREAD_IDLE_MS, worker_threads=threads)
        if queue_name == TRANSCRIPTS:  # Another worker may be idle while this one listens for an hour.
            self._worker.queue_prefetch = threads
        self._pulse = Pulse(house.layout, queue_name)
        self._worker.start()

    def beat(self) -> None:
        trouble = self.post.trouble()
        self._pulse.beat(queue_ok=not trouble)
        if trouble and self._quiet.may_say(trouble):
            log.error("the queue takes no jobs", queue=self._address, why=trouble)

    def stop(self) -> None:
        """Waits for the jobs under way, STOP_MS at most; a job cut off after that is done again by
        another."""
        self._worker.stop(timeout=STOP_MS)
        if self._engine is not None:
            self._engine.close()
        self._pulse.close()


def run(houses: Houses, settings: Settings, queues: list[str], meter: Meter, stopping: threading.Event) -> None:
    """Works on `queues` until told to stop."""
    request_ids = RequestIds(houses.here().layout.run)
    measuring = Measuring(meter, request_ids)
    quiet = Quiet()
    for handler in logging.getLogger().handlers:
        handler.addFilter(QuietConsumers(quiet))
    stations = [Station(settings, name, houses, measuring, stopping, quiet) for name in queues]
    relaying = _start_relay(settings, meter, stations[0].post, stopping) if PROJECTIONS in queues else None
    signing = start_signing(houses.here(), preferred=True)
    log.info("worker started", queues=",".join(queues))
    tell_ready()
    while not stopping.is_set():
        for station in stations:
            station.beat()
        stopping.wait(BEAT_S)
    if relaying is not None:
        relaying.join()
    for station in stations:
        station.stop()
    houses.close()
    signing.stop()  # After the last event of this process.
    request_ids.close()
    meter.close()


def _start_relay(settings: Settings, meter: Meter, post: Post, stopping: threading.Event) -> threading.Thread:
    def work() -> None:
        house = House(settings, meter=meter)
        try:
            relay.run(house, post, stopping)
        except Exception:
            # The relay is what this process is for: without it, end, and be started anew.
            log.exception("relay ended")
            stopping.set()
        finally:
            house.close()

    thread = threading.Thread(target=work, name="relay")
    thread.start()
    return thread


def _stop_on_signals(stopping: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(1)  # Told twice: at once. Whatever is cut off is done again.
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _queues(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(QUEUES) or len(set(names)) != len(names):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(QUEUES)}")
    return names


def work(settings: Settings, queues: list[str]) -> int:
    """The exit code, when it was told to stop or could not go on, which the log says."""
    stopping = threading.Event()
    _stop_on_signals(stopping)
    meter = begin(Layout(Path(settings.data).absolute()), "worker")
    houses = Houses(settings, meter)
    try:
        houses.here()
    except (OSError, LogError, VaultError, ProjectionError) as error:  # Of the machine or the folder: one line says it.
        log.error("worker ended", why=plain_error(error))  # noqa: TRY400  (see above)
        return 1
    try:
        run(houses, settings, queues, meter, stopping)
    except Exception:  # Later, only the way there tells what it was about.
        log.exception("worker ended")
        return 1
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.main", description="Strongroom's worker process.")
    parser.add_argument("--queues", type=_queues, default=list(QUEUES), metavar=",".join(QUEUES))
    queues: list[str] = parser.parse_args().queues
    try:
        settings = load_settings()
        engine_for(settings)  # Said here in one line, and not by a worker that dies.
    except SettingsError as error:
        parser.error(str(error))
    harden()
    configure(settings, "worker-" + "+".join(queues))
    code = work(settings, queues)
    sys.stderr.flush()
    os._exit(code)  # Threads cut off amid SQLite must not meet an interpreter that is being taken down.


if __name__ == "__main__":
    main()
