"""Rebuilding beside a relay and real workers: nothing is done twice, and a projection that stopped goes on
by itself."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import apsw

from projections.runner import Projector
from service.house.house import House
from service.machine import locks
from service.machine.config import Settings
from service.upkeep import projecting
from service.upkeep.readiness import state
from tests import builders
from tests.builders import Person
from tests.service.logs import copy_log, put_log_back
from tests.waiting import wait_for
from tests.workers.conftest import StartWorker, Valkey
from workers.post import Job, Post
from workers.relay import Relay


class Told(Post):
    """Keeps what is sent, the calls for a projector left out."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def _send(self, queue_name: str, actor_name: str, *args: str | int) -> None:
        if queue_name != "projections":
            self.jobs.append((actor_name, args))

    def waiting(self) -> frozenset[Job] | None:
        return frozenset(self.jobs)


def test_a_rebuild_sends_no_job_writes_no_event_and_leaves_keys_and_bytes_alone(house: House, ada: Person) -> None:
    builders.uploaded_file(house, ada, b"waits to be stored")
    builders.deleted_chat(house, ada, builders.started_chat(house, ada))
    lock = locks.take(house.layout.run / "relay.lock")
    assert lock is not None
    with lock:
        relay = Relay(house, post := Told(), lock)
        while relay.behind:
            relay.tick()
        sent, head = list(post.jobs), house.log.head()
        assert {"store_file", "forget_chat"} <= {name for name, _ in sent}
        others = [house.layout.events, house.layout.keyring, house.layout.uploads]
        before = [path.read_bytes() for path in others]
        for _ in range(2):
            assert projecting.rebuild(house) == head
            relay.tick()
        assert post.jobs == sent
    assert house.log.head() == head
    assert [path.read_bytes() for path in others] == before


def test_a_rebuild_beside_a_queue_leaves_every_queue_as_it_was(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker
) -> None:
    start_worker("projections")  # The relay sends, and nobody else is there to do it.
    for data in (b"one", b"two"):
        builders.uploaded_file(house, ada, data)
    client = valkey.client()
    wait_for(lambda: client.hlen("strongroom:uploads.msgs") >= 2, "sent")
    wait_for(lambda: house.reader.position() == house.log.head(), "projected")
    before = client.hgetall("strongroom:uploads.msgs")
    assert projecting.rebuild(house) == house.log.head()
    after = client.hgetall("strongroom:uploads.msgs")
    assert {key: message for key, message in after.items() if b'"sweep"' not in message} == {
        key: message for key, message in before.items() if b'"sweep"' not in message
    }
    assert client.hlen("strongroom:media.msgs") == 0


def test_a_stopped_projection_names_its_event_and_goes_on_after_a_rebuild(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker, settings: Settings
) -> None:
    """The fault lies in the tables: a row that the next event is to create is there already."""
    builders.started_chat(house, ada)
    projecting.rebuild(house)
    head = house.log.head()
    chat_id = builders.started_chat(house, ada)
    tables = apsw.Connection(str(house.layout.user_data))
    tables.execute("INSERT INTO chat VALUES ('nobody', 999, ?, 1, 1, 'ChatStarted', 1, x'00')", (chat_id,))
    tables.close()
    start_worker()
    wait_for(lambda: state(house).missing == ["projection"], "the projection to be named")
    stands = state(house).standstill
    assert stands is not None
    assert (stands.position, stands.event_type) == (head + 1, "ChatStarted")
    assert house.reader.position() == head
    tries = started(settings)
    builders.started_chat(house, ada)  # News does not have it run in circles.
    wait_for(lambda: started(settings) > tries, "another try", 20.0)
    assert complaints(settings) == [head + 1]
    assert projecting.rebuild(house) == house.log.head()
    wait_for(lambda: state(house).missing == [], "all well")
    builders.started_chat(house, ada)
    wait_for(lambda: house.reader.position() == house.log.head(), "the projector to go on")
    assert projecting.check(house) == []


def started(settings: Settings) -> int:
    """When the projector last told where it stands, in ns: at every try."""
    return (Path(settings.data) / "run" / "projection.stopped").stat().st_mtime_ns


def complaints(settings: Settings) -> list[int]:
    """Positions that the workers' log names."""
    lines = [json.loads(line) for line in Path(settings.data).with_name("workers.log").read_text().splitlines()]
    return [line["position"] for line in lines if line["event"] == "projection stopped"]


def test_tables_of_a_longer_log_are_noticed_though_nothing_is_new(house: House, ada: Person, tmp_path: Path) -> None:
    copy_log(house.layout, tmp_path / "old.db")
    builders.started_chat(house, ada)
    with Projector(house.layout.user_data) as projector:
        projecting.catch_up(house.log, projector)
    put_log_back(house.layout, tmp_path / "old.db")
    calls: list[str] = []

    class Calls(Told):
        def project(self) -> None:
            calls.append("project")

    lock = locks.take(house.layout.run / "relay.lock")
    assert lock is not None
    with closing(House(house.settings)) as restored, lock:
        relay = Relay(restored, Calls(), lock)
        relay.tick()
        assert calls == ["project"]
        with Projector(restored.layout.user_data) as projector:
            projecting.catch_up(restored.log, projector)
        calls.clear()
        relay.tick()
        assert calls == []
