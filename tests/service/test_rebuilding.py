"""Making the tables anew beside the live ones, and proving that both say the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eventstore.log import Log
from projections.draft import Draft
from projections.errors import ProjectionBuilding, ProjectionFull
from projections.paging import PageQuery
from projections.runner import Projector
from service.house.house import House
from service.house.standstill import Standstill, standstill, tell
from service.machine.config import Settings
from service.upkeep import projecting
from tests import builders
from tests.builders import Person
from tests.waiting import wait_for


def project(house: House) -> Standstill | None:
    return projecting.project(house, linger_s=0.0, poll_s=0.001, most_s=5.0, stopping=lambda: False)


@contextmanager
def living(settings: Settings) -> Iterator[None]:
    """A projector that follows all the while, as the worker's does."""
    ended = threading.Event()

    def work() -> None:
        house = House(settings)
        while not ended.is_set():
            projecting.project(
                house,
                linger_s=10.0,
                poll_s=0.002,
                most_s=10.0,
                stopping=lambda: ended.is_set() or projecting.projector_called_off(house.layout),
            )
            ended.wait(0.005)
        house.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)


def test_a_rebuild_tells_how_far_it_is_and_ends_at_the_head(house: House, ada: Person) -> None:
    read_all = Log.read_all
    for _ in range(5):
        builders.started_chat(house, ada)
    told: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "read_all", lambda log, after, limit: read_all(log, after, limit, most_bytes=1))
        assert projecting.rebuild(house, lambda *at: told.append(at)) == house.log.head()
    assert told == [(position, house.log.head()) for position in range(1, house.log.head() + 1)]
    assert house.reader.position() == house.log.head()
    assert projecting.check(house) == []


def test_an_empty_log_gives_empty_tables(house: House) -> None:
    assert projecting.rebuild(house) == 0
    assert projecting.check(house) == []


def test_rebuilds_and_checks_amid_reads_writes_and_projecting_show_no_error_no_gap_and_no_step_back(
    house: House, ada: Person
) -> None:
    """One thread projects, one writes, one reads; this one rebuilds and checks."""
    project(house)
    ended = threading.Event()
    failed: list[BaseException] = []
    reads, writes = 0, 0

    def write() -> None:
        nonlocal writes
        while not ended.is_set():
            builders.started_chat(house, ada)
            writes += 1

    def read() -> None:
        nonlocal reads
        other = House(house.settings)
        seen, items = 0, 0
        try:
            while not ended.is_set():
                position = other.reader.position()
                found = len(other.reader.page(PageQuery(user=ada.user, limit=1000)).items)
                assert position >= seen > 0 or seen == 0
                assert found >= min(items, 1000)
                assert other.reader.user(ada.user) is not None
                seen, items = position, found
                reads += 1
        except BaseException as error:  # noqa: BLE001  (a thread's failure is the test's)
            failed.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=work) for work in (write, read)]
    with living(house.settings):
        for thread in threads:
            thread.start()
        try:
            for _ in range(8):
                before = house.log.head()
                assert projecting.rebuild(house) >= before
                assert projecting.check(house) == []
        finally:
            ended.set()
            for thread in threads:
                thread.join(10)
        wait_for(lambda: house.reader.position() == house.log.head(), "the projector to go on")
    assert failed == []
    assert min(reads, writes) > 8
    assert projecting.check(house) == []


def test_a_rebuild_does_not_wait_for_a_projector_that_follows_for_long(house: House, ada: Person) -> None:
    with living(house.settings):
        wait_for(lambda: projecting.projector_running(house.layout), "a projector at work")
        rebuilding = threading.Thread(target=projecting.rebuild, args=(house,))
        rebuilding.start()
        rebuilding.join(5.0)  # It follows for ten seconds at a time.
        assert not rebuilding.is_alive()


def test_a_second_rebuild_is_refused_plainly(house: House, ada: Person) -> None:
    project(house)
    with Draft(house.layout.user_data), pytest.raises(ProjectionBuilding, match="already"):
        projecting.rebuild(house)
    assert projecting.rebuild(house) == house.log.head()


def test_a_rebuild_stops_before_the_reserve_is_used_up(house: House, ada: Person) -> None:
    project(house)
    before = {entry.name for entry in house.layout.data.iterdir()} | {f"{house.layout.user_data.name}.building"}
    house.settings = builders.settings(house.layout.data, reserve_bytes=1 << 62)
    with pytest.raises(ProjectionFull, match="stay as they were"):
        projecting.rebuild(house)
    assert {entry.name for entry in house.layout.data.iterdir()} <= before
    assert house.reader.position() == house.log.head()


def test_a_check_finds_sound_tables_equal(house: House, ada: Person) -> None:
    builders.started_chat(house, ada)
    told: list[tuple[int, int]] = []
    assert projecting.check(house, lambda position, head: told.append((position, head))) == []
    assert told[-1] == (house.log.head(), house.log.head())
    assert not (house.layout.run / "check").exists()


def test_a_check_finds_a_row_that_was_changed_and_a_rebuild_mends_it(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    with Projector(house.layout.user_data) as projector:
        projecting.catch_up(house.log, projector)
        projector._connection.execute("UPDATE chat SET title_sealed = x'00'")
    (difference,) = projecting.check(house)
    assert "title_sealed" in difference
    assert projecting.rebuild(house) == house.log.head()
    assert projecting.check(house) == []
    assert house.reader.chat(ada.user, chat_id) is not None


def test_a_rebuild_ends_a_standstill_that_lay_in_the_tables(house: House, ada: Person) -> None:
    project(house)
    tell(house.layout, Standstill(house.log.head() + 1, "ChatStarted", "UNIQUE constraint failed: chat.chat_id"))
    builders.started_chat(house, ada)
    assert standstill(house.layout) is not None
    projecting.rebuild(house)
    assert standstill(house.layout) is None
    assert not (house.layout.run / "projection.stopped").exists()


def test_tables_are_swapped_and_pinned_only_while_nobody_projects(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the live ones could be ahead of those that take their place, and readers would see a step back."""
    project(house)
    monkeypatch.setattr(projecting, "PATIENT_S", 0.02)
    lock = projecting.projector_lock(house.layout)
    assert lock is not None
    with lock:
        for act in (projecting.rebuild, projecting.check):
            with pytest.raises(projecting.ProjectorBusy):
                act(house)
    assert projecting.rebuild(house) == house.log.head()
    assert projecting.check(house) == []
