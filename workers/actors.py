"""The jobs, bound to a broker. Each may come twice or late, and finds out from the log what there is left to
do."""

from __future__ import annotations

import threading
from typing import Any, Final

import dramatiq
import structlog
from dramatiq.broker import Broker, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

from service.house import forgetting
from service.house.standstill import Standstill
from service.management import erasing
from service.media.transcribe import Engine, engine_for
from service.processing import analysing, storing
from service.upkeep import projecting
from service.upkeep.projecting import projector_called_off
from service.upkeep.sweep import Sweeper
from workers.broker import MEDIA, PROJECTIONS, TRANSCRIPTS, UPLOADS
from workers.houses import Houses
from workers.quiet import Quiet

LINGER_S: Final = 0.25
POLL_S: Final = 0.004
PROJECT_MOST_S: Final = 10.0  # Then the lock is free for a moment, for whoever waits to rebuild or check.
SECOND_US: Final = 1_000_000
FILE_JOBS: Final = ("store_file", "analyse_file", "transcribe_file")

log = structlog.get_logger("workers.actors")


def declare_project(broker: RedisBroker, houses: Houses, stopping: threading.Event) -> None:
    """`project`: brings the read tables up to the log and stays a moment for more."""
    quiet = Quiet()
    told: Standstill | None = None

    def project() -> None:
        nonlocal told
        house = houses.here()

        def ending() -> bool:
            return stopping.is_set() or projector_called_off(house.layout)

        # No retry through the queue: the relay sees that the tables lag and asks again, ever more slowly.
        try:
            stands = projecting.project(house, linger_s=LINGER_S, poll_s=POLL_S, most_s=PROJECT_MOST_S, stopping=ending)
        except Exception as error:
            if quiet.may_say(type(error).__name__):
                log.exception("projecting failed")
            return
        if stands is not None and stands != told:
            log.error("projection stopped", position=stands.position, type=stands.event_type, why=stands.why)
        told = stands

    dramatiq.actor(broker=broker, queue_name=PROJECTIONS, max_retries=0)(project)


def declare_uploads(broker: RedisBroker, houses: Houses, stopping: threading.Event) -> None:
    """`store_file`, `forget_file`, `forget_chat`, `erase_account`, `sweep`."""
    sweeper = Sweeper()

    def store_file(file_id: str) -> None:
        house = houses.here()
        done = storing.store(house, house.log, file_id, stopping.is_set)
        log.info("upload processed", file_id=file_id, outcome=done.name.lower())

    def forget_file(file_id: str) -> None:
        house = houses.here()
        forgetting.finish_files(house, house.log, [file_id])

    def forget_chat(chat_id: str) -> None:
        house = houses.here()
        forgetting.finish_chat(house, house.log, chat_id)

    def erase_account(user: str) -> None:
        house = houses.here()
        if erasing.finish(house, house.log, user):
            log.info("account erased", user=user)

    def sweep() -> None:
        house = houses.here()
        swept = sweeper.sweep(house, house.log, house.settings.orphan_seconds * SECOND_US)
        if swept:
            log.info("swept", **{name: getattr(swept, name) for name in swept.__struct_fields__})

    dramatiq.actor(broker=broker, queue_name=UPLOADS)(store_file)
    dramatiq.actor(broker=broker, queue_name=UPLOADS)(forget_file)
    dramatiq.actor(broker=broker, queue_name=UPLOADS)(forget_chat)
    dramatiq.actor(broker=broker, queue_name=UPLOADS)(erase_account)
    dramatiq.actor(broker=broker, queue_name=UPLOADS, max_retries=0)(sweep)


def declare_media(broker: RedisBroker, houses: Houses, stopping: threading.Event) -> None:  # noqa: ARG001  (one signature)
    """`analyse_file`."""

    def analyse_file(file_id: str) -> None:
        house = houses.here()
        done = analysing.analyse(house, house.log, file_id, transcripts=house.settings.transcribe != "off")
        log.info("file analysed", file_id=file_id, outcome=done.name.lower())

    dramatiq.actor(broker=broker, queue_name=MEDIA)(analyse_file)


def declare_transcripts(broker: RedisBroker, houses: Houses, stopping: threading.Event) -> Engine | None:  # noqa: ARG001  (one signature)
    """`transcribe_file`; what listens for it, to be closed at the end. SettingsError when transcripts are wanted and
    cannot be had."""
    engine = engine_for(houses.here().settings)

    def transcribe_file(file_id: str) -> None:
        house = houses.here()
        if engine is None:  # Sent before transcripts were switched off.
            done = analysing.analyse(house, house.log, file_id)
        else:
            done = analysing.transcribe(house, house.log, file_id, engine)
        log.info("file transcribed", file_id=file_id, outcome=done.name.lower())

    dramatiq.actor(broker=broker, queue_name=TRANSCRIPTS)(transcribe_file)
    return engine


class FailFiles(Middleware):
    """After the last try of `store_file`, `analyse_file` or `transcribe_file`: the person is told, by FileFailed or
    AnalysisFailed. What says nothing against the file is left to the relay, which sends its analysis again later.

    If even that cannot be written (a full disk), the file stays as it is and is sent again later.
    """

    def __init__(self, houses: Houses) -> None:
        self._houses = houses

    def after_process_message(
        self,
        broker: Broker,  # noqa: ARG002  (the middleware's signature)
        message: MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002  (the same)
        exception: BaseException | None = None,
    ) -> None:
        if exception is None or not message.failed or message.actor_name not in FILE_JOBS:
            return
        house = self._houses.here()
        (file_id,) = message.args
        code = storing.failure_code(exception)
        storing_it = message.actor_name == "store_file"
        if not storing_it and analysing.passes(exception) and not analysing.overdue(house, file_id):
            log.warning("job put off", job=message.actor_name, file_id=file_id, why=type(exception).__name__)
            return
        fail = storing.fail if storing_it else analysing.give_up
        if fail(house, house.log, file_id, code):
            log.warning("job failed", job=message.actor_name, file_id=file_id, code=code)
