"""The `eventsourcing` package on the same disk: an SQLite file with WAL and synchronous=FULL, nothing encrypted."""

from __future__ import annotations

import time
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.figures import rate, repeat
from bench.person import CONTENT
from bench.report import Row
from bench.stage import Stage

BATCH = 500
PAGE = 1_000


class Conversation(Aggregate):
    """The least that can be sent to: what a message of ours says, without its key."""

    @event("Started")
    def __init__(self) -> None:
        self.count = 0

    @event("MessageSent")
    def send(self, role: str, content_type: str, content: str) -> None:  # noqa: ARG002  (they are the event's)
        self.count += 1


class Conversations(Application[UUID]):
    pass


def measure(stage: Stage) -> None:
    path = stage.room("peers") / "events.sqlite"
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    with Conversations(env=environment) as app:
        conversation = Conversation()
        app.save(conversation)

        def send(count: int) -> None:
            for _ in range(count):
                conversation.send("user", "text/plain", CONTENT)
            app.save(conversation)

        one = rate(repeat(lambda: send(1), stage.scale.limit_s))
        row = Row(key="peer.1", what="`eventsourcing`, append one by one", value=one, unit="/s", against=("sync",))
        stage.report.add(row)
        batches = max(1, stage.scale.peer_events // BATCH)
        many = rate(repeat(lambda: send(BATCH), 0, least=batches), BATCH)
        what = f"`eventsourcing`, append {BATCH} at a time"
        stage.report.add(Row(key="peer.500", what=what, value=many, unit="/s", against=("sqlite.512",)))
        _replay(stage, app)


def _replay(stage: Stage, app: Conversations) -> None:
    position, count = 0, 0
    began_s = time.perf_counter()
    while found := app.recorder.select_notifications(position + 1, PAGE):
        for notification in found:
            app.mapper.to_domain_event(notification)
        position = found[-1].id
        count += len(found)
    speed = count / (time.perf_counter() - began_s)
    detail = f"{count:,} events into objects"
    row = Row(key="peer.replay", what="`eventsourcing`, replay", value=speed, unit="/s", detail=detail)
    stage.report.add(row)
