"""Relay, queue, jobs and projector together, as real processes: what is in the log gets done, whatever
dies."""

from __future__ import annotations

import signal
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import pytest

from domain import file
from domain.events import AccountErased, ErasureRequested, FileFailed, FileRetried, FileStored
from eventstore.record import Append
from service.house.facts import Sealing, to_fact, to_records
from service.house.house import House
from service.house.pulse import pulses
from service.processing.storing import load_file
from service.upkeep.projecting import projector_running
from service.upkeep.sweep import first_sweep
from tests import builders
from tests.builders import Person
from tests.waiting import wait_for
from tests.workers.conftest import StartWorker, Valkey, living_valkey, swept_often, worker_starts

ALL_WELL = {"projections": True, "uploads": True, "media": True, "transcripts": True, "queue": True}

UNITS = ("projections", "uploads,media,transcripts")


def status(house: House, file_id: str) -> str:
    loaded = load_file(house.log, file_id)
    return "none" if loaded is None else loaded.state.status


def count(house: House, file_id: str, kind: type[FileStored | FileFailed]) -> int:
    facts = [to_fact(record) for record in house.log.read_stream(f"file-{file_id}")]
    return sum(isinstance(fact.event, kind) for fact in facts)


def wait_until_stored(house: House, ada: Person, files: Mapping[str, bytes]) -> None:
    """Every file is ready, once, and reads back as it was sent."""
    for file_id, data in files.items():
        wait_for(lambda file_id=file_id: status(house, file_id) == "ready", "stored", 30.0)  # type: ignore[misc]  # mypy cannot infer a default
        assert builders.blob_bytes(house, ada, file_id) == data
        assert count(house, file_id, FileStored) == 1


def wait_until_projected(house: House) -> None:
    wait_for(lambda: house.reader.position() == house.log.head(), "projected")


def request_erasure(house: House, person: Person) -> None:
    stream = f"account-{person.user}"
    version = len(house.log.read_stream(stream))
    house.writer.append(Append(to_records(person.user, stream, version, (ErasureRequested(),))))


def last_of(house: House, person: Person) -> type:
    return type(to_fact(house.log.read_stream(f"account-{person.user}")[-1]).event)


@dataclass(frozen=True, slots=True)
class AtWork:
    """Workers as the units run them, one for the read tables alone, and what was uploaded before they were started."""

    house: House
    valkey: Valkey
    ada: Person
    before: Mapping[str, bytes]


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """For whatever neither kills them nor stops them. Each test has people and files of its own."""
    settings = swept_often(tmp_path_factory.mktemp("at-work"))
    with closing(House(settings)) as house, living_valkey(house) as valkey, worker_starts(settings) as start:
        ada = builders.person(house, "ada")
        before = {builders.uploaded_file(house, ada, data): data for data in (b"one", b"two", b"three")}
        for queues in UNITS:
            start(queues)
        yield AtWork(house, valkey, ada, before)


def test_what_came_before_the_workers_is_done_when_they_start(at_work: AtWork) -> None:
    wait_until_stored(at_work.house, at_work.ada, at_work.before)
    wait_until_projected(at_work.house)


def test_an_upload_is_stored_and_projected(at_work: AtWork) -> None:
    house, ada = at_work.house, at_work.ada
    file_id = builders.uploaded_file(house, ada, b"hello")
    wait_until_stored(house, ada, {file_id: b"hello"})
    wait_for(lambda: (row := house.reader.file(ada.user, file_id)) and row.status == "ready", "ready in the tables")
    wait_for(lambda: pulses(house.layout) == ALL_WELL, "all well")


def test_an_account_that_is_to_be_erased_is_erased_though_the_queue_lost_it(at_work: AtWork) -> None:
    house = at_work.house
    ben, cleo = (builders.person(house, name) for name in ("ben", "cleo"))
    files = [builders.uploaded_file(house, person, b"hello") for person in (ben, cleo)]
    for file_id in files:
        wait_for(lambda file_id=file_id: status(house, file_id) == "ready", "stored")  # type: ignore[misc]  # mypy cannot infer a default
    request_erasure(house, ben)
    wait_for(lambda: last_of(house, ben) is AccountErased, "erased by the worker")
    assert not house.layout.blob_file(files[0]).exists()
    house.keyring.drop_account(cleo.user)  # As far as a request comes that is then killed.
    with at_work.valkey.client() as queue:
        request_erasure(house, cleo)
        queue.flushall()
    wait_for(lambda: last_of(house, cleo) is AccountErased, "erased by worker or sweeper", 20.0)
    wait_for(lambda: not house.layout.blob_file(files[1]).exists(), "its bytes gone")
    wait_until_projected(house)
    assert house.reader.erasing("", 10) == []


def test_a_broken_spool_fails_after_its_tries_and_holds_nobody_up(at_work: AtWork) -> None:
    house, ada = at_work.house, at_work.ada
    broken, command, key = builders.spooled_file(house, ada, b"poison")
    path = house.layout.spool_file(broken)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    stream = f"file-{broken}"
    records = to_records(ada.user, stream, 0, file.decide(command, file.State()), Sealing(stream, key))
    house.writer.append(Append(records))
    sound = builders.uploaded_file(house, ada, b"sound")
    wait_until_stored(house, ada, {sound: b"sound"})
    wait_for(lambda: status(house, broken) == "error", "failed")
    assert count(house, broken, FileFailed) == 1
    facts = [to_fact(record) for record in house.log.read_stream(f"file-{broken}")]
    assert facts[-1].event == FileFailed(code="spool_broken")

    path.write_bytes(whole)  # Whatever was wrong is mended, and the person presses Retry.
    house.writer.append(Append(to_records(ada.user, f"file-{broken}", 2, (FileRetried(),))))
    wait_until_stored(house, ada, {broken: b"poison"})


def test_a_deleted_chat_is_forgotten_with_its_files(at_work: AtWork) -> None:
    house, ada = at_work.house, at_work.ada
    chat_id = builders.started_chat(house, ada)
    file_id = builders.uploaded_file(house, ada, b"in the chat", chat_id=chat_id)
    wait_until_stored(house, ada, {file_id: b"in the chat"})
    builders.deleted_chat(house, ada, chat_id)
    wait_for(lambda: status(house, file_id) == "deleted", "its file deleted")
    wait_for(lambda: not house.layout.blob_file(file_id).exists(), "its bytes gone")
    assert house.keyring.stream_key(f"chat-{chat_id}", ada.user) is None
    assert house.keyring.blob_key(file_id, ada.user) is None


def test_an_idle_projector_wakes_soon(at_work: AtWork) -> None:
    """The bound is generous, for a busy machine; the time itself is a benchmark's matter."""
    house = at_work.house
    wait_until_projected(house)
    waits_s = []
    for _ in range(5):
        wait_for(lambda: not (house.layout.run / "projector.lock").exists() or _projector_rests(house), "rest")
        began_s = time.monotonic()
        builders.started_chat(house, at_work.ada)
        wait_until_projected(house)
        waits_s.append(time.monotonic() - began_s)
    assert statistics.median(waits_s) < 0.5


def _projector_rests(house: House) -> bool:

    return not projector_running(house.layout)


def test_an_emptied_queue_loses_nothing(house: House, ada: Person, valkey: Valkey, start_worker: StartWorker) -> None:
    projecting = start_worker("projections")  # The relay sends, and nobody stores yet.
    files = {builders.uploaded_file(house, ada, data): data for data in (b"one", b"two")}
    client = valkey.client()
    wait_for(lambda: client.hlen("strongroom:uploads.msgs") >= 2, "sent")
    wait_until_projected(house)
    client.flushall()
    start_worker("uploads")
    wait_until_stored(house, ada, files)
    assert projecting.poll() is None


def test_a_queue_that_dies_and_returns_empty_loses_nothing(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker
) -> None:
    start_worker()
    wait_for(lambda: pulses(house.layout) == ALL_WELL, "all well")
    valkey.kill()
    files = {builders.uploaded_file(house, ada, b"while it was away"): b"while it was away"}
    wait_for(lambda: not pulses(house.layout)["queue"], "the silence is noticed")
    valkey.start()
    wait_until_stored(house, ada, files)
    wait_until_projected(house)


def test_workers_killed_amid_their_work_are_followed_by_others(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker
) -> None:
    data = b"a large one " * 3_000_000
    projecting, storing = start_worker("projections"), start_worker("uploads")
    files = {builders.uploaded_file(house, ada, data): data}
    wait_for(lambda: list(house.layout.blobs.glob("*/*.part")), "a blob being written")
    for process in (projecting, storing):
        process.send_signal(signal.SIGKILL)
        process.wait()
    start_worker()
    wait_until_stored(house, ada, files)

    def swept() -> bool:
        first_sweep(house)  # Which does nothing while the worker's is under way.
        return not list(house.layout.blobs.glob("*/*.part"))

    wait_for(swept, "what was half written to be removed")


def test_a_worker_told_to_stop_ends_well_and_a_lost_cursor_doubles_nothing(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker
) -> None:
    first = start_worker()
    files = {builders.uploaded_file(house, ada, b"once"): b"once"}
    wait_until_stored(house, ada, files)
    wait_until_projected(house)
    wait_for(lambda: pulses(house.layout) == ALL_WELL, "all well")
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=10) == 0
    assert not pulses(house.layout)["uploads"]
    head = house.log.head()
    (house.layout.run / "relay.lock").write_bytes(b"0" * 20)
    start_worker()
    files[builders.uploaded_file(house, ada, b"late")] = b"late"
    wait_until_stored(house, ada, files)
    assert house.log.head() == head + 2  # The late file's two events, and no other.
