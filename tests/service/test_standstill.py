"""An event that the tables cannot take: they stop before it, say which, and keep what they have."""

from __future__ import annotations

import apsw
import pytest

from domain import events
from domain.fact import Fact
from eventstore.log import Log
from projections import user_data
from projections.errors import ProjectionStopped
from projections.runner import Projector
from service.doctor import examine
from service.house.house import House
from service.house.standstill import Standstill, standstill
from service.upkeep import projecting
from service.upkeep.readiness import state
from tests import builders
from tests.builders import Person


def project(house: House) -> Standstill | None:
    return projecting.project(house, linger_s=0.0, poll_s=0.001, most_s=5.0, stopping=lambda: False)


@pytest.fixture
def poisoned(house: House, ada: Person) -> int:
    """Events, of which the one at this position will be the fault; more come before and after it."""
    for _ in range(3):
        builders.started_chat(house, ada)
    return house.log.head() - 1


def fail_at(monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    real = user_data.apply

    def apply(cursor: apsw.Cursor, fact: Fact) -> None:
        if fact.position == position:
            raise LookupError("a title nobody may read")
        real(cursor, fact)

    monkeypatch.setattr(user_data, "apply", apply)


def test_everything_before_the_event_is_shown_and_it_is_named(
    house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, poisoned)
    stands = project(house)
    assert stands == Standstill(poisoned, "ChatStarted", "LookupError")
    assert house.reader.position() == poisoned - 1
    assert standstill(house.layout) == state(house).standstill == stands
    assert state(house).missing[-1] == "projection"
    assert b"nobody may read" not in (house.layout.run / "projection.stopped").read_bytes()


def test_it_goes_on_by_itself_once_the_fault_is_mended(
    house: House, ada: Person, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_at(patch, poisoned)
        project(house)
        builders.started_chat(house, ada)
        assert project(house) is not None
        assert house.reader.position() == poisoned - 1
    assert project(house) is None
    assert house.reader.position() == house.log.head()
    assert "projection" not in state(house).missing
    assert not (house.layout.run / "projection.stopped").exists()


def test_tables_that_moved_on_by_other_means_stand_still_no_more(
    house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_at(patch, poisoned)
        project(house)
    with Projector(house.layout.user_data) as projector:
        projecting.catch_up(house.log, projector)
    assert standstill(house.layout) is None


def test_a_rebuild_that_meets_the_event_names_it_and_leaves_the_tables(
    house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(house)
    head = house.reader.position()
    fail_at(monkeypatch, poisoned)
    for act in (projecting.rebuild, projecting.check):
        with pytest.raises(ProjectionStopped, match=f"position {poisoned}, ChatStarted"):
            act(house)
    assert house.reader.position() == head


def test_an_event_newer_than_this_code_is_named(house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(events.EVENT_TYPES, "ChatStarted")
    stands = project(house)
    assert stands is not None
    assert (stands.event_type, stands.why) == ("ChatStarted", "UnknownEvent")
    assert house.reader.position() == stands.position - 1 > 0


@pytest.mark.parametrize(
    ("change", "event_type"),
    [
        ("UPDATE events SET envelope = x'00' WHERE position = ?", projecting.UNREADABLE),
        ("DELETE FROM events WHERE position = ?", projecting.MISSING),
    ],
    ids=["changed", "deleted"],
)
def test_a_damaged_log_is_named_where_it_is_damaged(house: House, poisoned: int, change: str, event_type: str) -> None:
    connection = apsw.Connection(str(house.layout.events))
    for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(change, (poisoned,))
    connection.close()
    stands = project(house)
    assert stands is not None
    assert (stands.position, stands.event_type) == (poisoned, event_type)
    assert house.reader.position() == poisoned - 1
    with pytest.raises(ProjectionStopped, match=f"position {poisoned}"):
        projecting.rebuild(house)


def test_the_doctor_names_the_event(house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, poisoned)
    project(house)
    (found,) = [finding for finding in examine(house.settings) if finding.what == "projection"]
    assert not found.well
    assert f"position {poisoned}, ChatStarted: LookupError" in found.detail


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b'{"position": "x"}', b"\xff" * 10_000])
def test_a_word_that_cannot_be_understood_is_no_standstill(house: House, told: bytes) -> None:
    (house.layout.run / "projection.stopped").write_bytes(told)
    assert standstill(house.layout) is None


def test_an_environment_that_fails_is_no_standstill(
    house: House, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_log: Log, _after: int, _limit: int) -> list[object]:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Log, "read_all", refuse)
    with pytest.raises(OSError, match="gone"):
        project(house)
    assert standstill(house.layout) is None
