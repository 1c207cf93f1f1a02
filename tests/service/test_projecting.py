"""Bringing the read tables up to the log, and proving them."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.log import Log
from eventstore.record import Record
from projections.runner import Projector
from service.doctor import examine
from service.house.house import House
from service.machine import locks
from service.upkeep import projecting
from tests import builders
from tests.builders import Person
from tests.service.logs import copy_log, put_log_back
from tests.waiting import wait_for


def projected(house: House) -> int:
    with Projector(house.layout.user_data) as projector:
        return projecting.catch_up(house.log, projector)


def test_catching_up_reaches_the_head_of_the_log(house: House, ada: Person) -> None:
    for _ in range(3):
        builders.started_chat(house, ada)
    assert projected(house) == house.log.head() == house.reader.position()


def test_catching_up_stops_where_it_is_told_to(house: House, ada: Person) -> None:
    builders.started_chat(house, ada)
    with Projector(house.layout.user_data) as projector:
        assert projecting.catch_up(house.log, projector, limit=2) == 2
        assert projecting.catch_up(house.log, projector, limit=2) == 2


def test_tables_deleted_under_the_projector_are_filled_again(house: House, ada: Person) -> None:
    with Projector(house.layout.user_data) as projector:
        projecting.catch_up(house.log, projector)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{house.layout.user_data}{suffix}").unlink(missing_ok=True)
        builders.started_chat(house, ada)
        assert projecting.catch_up(house.log, projector) == house.log.head()
    assert house.reader.user(ada.user) is not None


def test_tables_that_are_past_the_end_of_the_log_are_begun_again(house: House, ada: Person, tmp_path: Path) -> None:
    copy_log(house.layout, tmp_path / "old.db")
    lost = builders.started_chat(house, ada)
    assert projected(house) == house.reader.position()
    put_log_back(house.layout, tmp_path / "old.db")
    with closing(House(house.settings)) as restored:
        (found,) = [found for found in examine(restored.settings) if found.what == "projection"]
        assert not found.well
        assert "1 events past the end of the log" in found.detail
        assert projected(restored) == restored.log.head() == restored.reader.position()
        assert restored.reader.chat(ada.user, lost) is None
        kept = builders.started_chat(restored, ada)
        assert projected(restored) == restored.log.head()
        assert restored.reader.chat(ada.user, kept) is not None
        assert projecting.check(restored) == []


def test_tables_deleted_amid_a_page_are_filled_from_the_beginning(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all = house.log.read_all
    monkeypatch.setattr(projecting, "PAGE", 1)

    def read_and_lose(after: int, limit: int) -> list[Record]:
        if after == 2:
            monkeypatch.undo()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{house.layout.user_data}{suffix}").unlink(missing_ok=True)
        return read_all(after, limit)

    monkeypatch.setattr(house.log, "read_all", read_and_lose)
    assert projected(house) == house.log.head()
    assert house.reader.user(ada.user) is not None


def test_long_events_are_applied_a_few_at_a_time_and_all_of_them(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        builders.started_chat(house, ada)
    read_all = Log.read_all
    monkeypatch.setattr(Log, "read_all", lambda log, after, limit: read_all(log, after, limit, most_bytes=1))
    assert projected(house) == house.log.head()


def test_following_applies_what_comes_while_it_lingers(house: House, ada: Person) -> None:
    stopping = threading.Event()

    def work() -> None:
        log = house.open_log()
        with Projector(house.layout.user_data) as projector:
            projecting.follow(log, projector, linger_s=30.0, poll_s=0.004, most_s=30.0, stopping=stopping.is_set)
        log.close()

    following = threading.Thread(target=work)
    following.start()
    wait_for(lambda: house.reader.position() == house.log.head(), "the first facts")
    chat_id = builders.started_chat(house, ada)
    wait_for(lambda: house.reader.chat(ada.user, chat_id), "a fact that came later")
    stopping.set()
    following.join(timeout=5)
    assert not following.is_alive()


def test_following_ends_after_its_rest(house: House, ada: Person) -> None:
    with Projector(house.layout.user_data) as projector:
        reached = projecting.follow(
            house.log, projector, linger_s=0.01, poll_s=0.002, most_s=30.0, stopping=lambda: False
        )
    assert reached == house.log.head()


def test_only_one_projects(house: House) -> None:
    assert not projecting.projector_running(house.layout)
    lock = projecting.projector_lock(house.layout)
    assert lock is not None
    with lock:
        assert projecting.projector_running(house.layout)
        assert projecting.projector_lock(house.layout) is None
    assert not projecting.projector_running(house.layout)


def test_a_projector_that_is_waited_for_ends_its_round_and_none_begins(house: House, ada: Person) -> None:
    wanted = locks.take(house.layout.run / "projector.wanted")
    assert wanted is not None
    with wanted:
        assert projecting.projector_called_off(house.layout)
        assert projecting.projector_lock(house.layout) is None
    assert not projecting.projector_called_off(house.layout)
    with Projector(house.layout.user_data) as projector:
        assert projecting.catch_up(house.log, projector, stopping=lambda: True) == 0
