"""Each fact once, whole batches only, whatever comes in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import pytest

from domain.events import ChatStarted
from domain.fact import Fact
from projections import schema, user_data
from projections.compare import differences, dump_hash
from projections.errors import (
    ProjectionBusy,
    ProjectionContradicted,
    ProjectionCorrupt,
    ProjectionError,
    ProjectionFull,
    ProjectionGap,
    ProjectionStopped,
)
from projections.runner import Projector
from tests.projections.history import History, message, random_history


def batches(facts: Sequence[Fact], size: int = 50) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), size):
        yield facts[start : start + size]


def test_a_new_file_stands_at_zero_and_was_not_reset(projector: Projector) -> None:
    assert projector.position() == 0
    assert not projector.was_reset


def test_facts_applied_again_change_nothing(path: Path, projector: Projector) -> None:
    facts = random_history(seed=2, length=120).facts
    assert projector.apply(facts) == 120
    before = dump_hash(path)
    assert projector.apply(facts) == 120
    assert projector.apply(facts[40:80]) == 120
    assert dump_hash(path) == before


def test_an_overlapping_batch_adds_only_what_is_new(path: Path, projector: Projector, tmp_path: Path) -> None:
    facts = random_history(seed=2, length=120).facts
    projector.apply(facts[:70])
    assert projector.apply(facts[30:]) == 120
    with Projector(tmp_path / "whole.db") as whole:
        whole.apply(facts)
    assert list(differences(path, tmp_path / "whole.db")) == []


def test_a_gap_is_refused_and_nothing_of_its_batch_stays(path: Path, projector: Projector) -> None:
    facts = random_history(seed=2, length=60).facts
    projector.apply(facts[:20])
    before = dump_hash(path)
    with pytest.raises(ProjectionGap) as raised:
        projector.apply([*facts[20:30], *facts[31:]])
    assert (raised.value.expected, raised.value.actual) == (31, 32)
    assert dump_hash(path) == before
    assert projector.apply(facts[20:]) == 60


def test_an_id_created_twice_is_named_by_its_position(path: Path, projector: Projector) -> None:
    history = History()
    history.add("chat-c1", ChatStarted())
    history.add("message-m1", message())
    history.add("message-m1", message())
    with pytest.raises(ProjectionContradicted, match="position 3, MessageSent"):
        projector.apply(history.facts)
    assert projector.position() == 0


def test_an_event_that_cannot_be_applied_is_named_and_nothing_of_what_it_holds(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History()
    history.add("chat-c1", ChatStarted())
    history.add("message-m1", message())
    real = user_data.apply

    def fails(cursor: apsw.Cursor, fact: Fact) -> None:
        if fact.position == 2:
            raise KeyError("a secret")
        real(cursor, fact)

    monkeypatch.setattr(user_data, "apply", fails)
    with pytest.raises(ProjectionStopped) as raised:
        projector.apply(history.facts)
    assert (raised.value.position, raised.value.event_type, raised.value.why) == (2, "MessageSent", "KeyError")
    assert "secret" not in str(raised.value)
    assert projector.position() == 0
    monkeypatch.undo()
    assert projector.apply(history.facts) == 2


def test_a_full_disk_is_not_laid_at_the_events_door(projector: Projector, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_cursor: apsw.Cursor, _fact: Fact) -> None:
        raise apsw.FullError

    monkeypatch.setattr(user_data, "apply", fails)
    with pytest.raises(ProjectionFull):
        projector.apply(random_history(seed=2, length=6).facts)


def test_two_projectors_take_turns_on_one_file(path: Path, projector: Projector, tmp_path: Path) -> None:
    facts = random_history(seed=4, length=200).facts
    with Projector(path) as other:
        for number, batch in enumerate(batches(facts, 20)):
            (projector, other)[number % 2].apply(facts[: batch[-1].position])
        assert projector.position() == other.position() == 200
    with Projector(tmp_path / "alone.db") as alone:
        alone.apply(facts)
    assert dump_hash(path) == dump_hash(tmp_path / "alone.db")


def test_a_projector_says_busy_when_another_holds_the_file(
    path: Path, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.database.WRITER_BUSY_MS", 20)
    facts = random_history(seed=4, length=20).facts
    writing = apsw.Connection(str(path))
    writing.execute("BEGIN IMMEDIATE")
    with Projector(path) as other:
        with pytest.raises(ProjectionBusy):
            other.apply(facts)
        writing.close()
        assert other.apply(facts) == 20


@pytest.mark.parametrize(
    "content",
    [b"not a database at all" * 50, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["text", "broken-header"],
)
def test_a_file_that_is_no_database_is_started_again_from_zero(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with Projector(path) as projector:
        assert projector.was_reset
        assert projector.apply(random_history(seed=5, length=30).facts) == 30


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    with Projector(path) as projector:
        assert not projector.was_reset
        assert projector.position() == 0


def test_a_truncated_file_is_started_again_from_zero(path: Path) -> None:
    with Projector(path) as projector:
        projector.apply(random_history(seed=5, length=200).facts)
    path.write_bytes(path.read_bytes()[:4096])
    with Projector(path) as projector:
        assert projector.was_reset
        assert projector.position() == 0


def test_damage_found_while_applying_starts_again_from_zero(path: Path, tmp_path: Path) -> None:
    facts = random_history(seed=5, length=400).facts
    with Projector(path) as projector:
        projector.apply(facts[:300])
    connection = sqlite3.connect(path)
    (pages,) = connection.execute("SELECT group_concat(rootpage) FROM sqlite_schema WHERE name <> 'cursor'").fetchone()
    connection.close()
    damaged = bytearray(path.read_bytes())
    for page in map(int, pages.split(",")):
        if page:
            damaged[(page - 1) * 4096 : page * 4096] = b"\xee" * 4096
    path.write_bytes(damaged)
    with Projector(path) as projector:
        sound_at_opening = not projector.was_reset
        with pytest.raises(ProjectionCorrupt):
            projector.apply(facts)
        assert sound_at_opening
        assert projector.was_reset
        assert projector.position() == 0
        assert projector.apply(facts) == 400
    with Projector(tmp_path / "fresh.db") as fresh:
        fresh.apply(facts)
    assert dump_hash(path) == dump_hash(tmp_path / "fresh.db")


def test_another_schema_version_is_started_again_from_zero(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Projector(path) as projector:
        projector.apply(random_history(seed=5, length=30).facts)
    with Projector(path) as projector:
        assert not projector.was_reset
        assert projector.position() == 30
    monkeypatch.setattr("projections.database.SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    with Projector(path) as projector:
        assert projector.was_reset
        assert projector.position() == 0


def test_the_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE precious (a); INSERT INTO precious VALUES (1)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ProjectionError, match="another program"):
        Projector(path)
    assert path.read_bytes() == before


def test_a_deleted_file_is_begun_again_under_a_running_projector(path: Path, projector: Projector) -> None:
    facts = random_history(seed=6, length=60).facts
    projector.apply(facts[:30])
    for file in path.parent.iterdir():
        file.unlink()
    with pytest.raises(ProjectionGap) as raised:
        projector.apply(facts[30:])
    assert raised.value.expected == 1
    assert projector.apply(facts) == 60
    assert path.exists()


def test_an_old_wal_is_not_replayed_into_a_new_file(path: Path, projector: Projector) -> None:
    projector.apply(random_history(seed=6, length=60).facts)
    wal = wal_of(path).read_bytes()
    assert wal
    projector.close()
    assert not wal_of(path).exists()
    wal_of(path).write_bytes(wal)
    path.resolve().unlink()
    with Projector(path) as again:
        assert again.position() == 0


def wal_of(path: Path) -> Path:
    return path.with_name(path.resolve().name + "-wal")


def test_nobody_else_may_read_the_file(path: Path, projector: Projector) -> None:
    projector.apply(random_history(seed=6, length=30).facts)
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
