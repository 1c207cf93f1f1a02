"""Each fact once, whole batches only, whatever comes in between."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import ChatStarted
from domain.fact import Fact
from projections import schema
from projections.compare import differences, dump_hash
from projections.errors import (
    ProjectionBusy,
    ProjectionContradicted,
    ProjectionCorrupt,
    ProjectionError,
    ProjectionGap,
)
from projections.paging import PageQuery
from projections.queries import Reader
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
    with pytest.raises(ProjectionContradicted, match="position 3"):
        projector.apply(history.facts)
    assert projector.position() == 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(6, 150))
def test_a_rebuild_equals_what_grew_batch_by_batch(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("rebuild")
    facts = random_history(seed, length).facts
    cuts = random.Random(seed)
    with Projector(folder / "live.db") as live, Projector(folder / "rebuilt.db") as rebuilt:
        position = 0
        while position < length:
            position = live.apply(facts[max(0, position - cuts.randrange(5)) : position + cuts.randrange(40)])
        rebuilt.apply(facts[: length // 2])
        told: list[int] = []
        assert rebuilt.rebuild(batches(facts, 1 + cuts.randrange(60)), told.append) == length
        assert told == sorted(told)
        assert told[-1] == length
    assert list(differences(folder / "live.db", folder / "rebuilt.db")) == []
    assert dump_hash(folder / "live.db") == dump_hash(folder / "rebuilt.db")


def test_readers_keep_the_old_tables_until_a_rebuild_commits(projector: Projector, reader: Reader) -> None:
    facts = random_history(seed=3, length=300).facts
    projector.apply(facts[:200])
    before = reader.page(PageQuery(user="ann", limit=1000))
    seen: list[bool] = []

    def look(_: int) -> None:
        seen.append(reader.position() == 200 and reader.page(PageQuery(user="ann", limit=1000)) == before)

    projector.rebuild(batches(facts), look)
    assert seen == [True] * 6
    assert reader.position() == 300


def test_a_failing_rebuild_leaves_the_old_tables(path: Path, projector: Projector) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    before = dump_hash(path)

    def broken() -> Iterator[Sequence[Fact]]:
        yield facts[:50]
        raise OSError("the log cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        projector.rebuild(broken())
    with pytest.raises(ProjectionGap):
        projector.rebuild([facts[:50], facts[60:]])
    assert dump_hash(path) == before
    assert projector.position() == 100


def test_a_rebuild_takes_no_more_disk_afterwards_than_the_tables(path: Path, projector: Projector) -> None:
    projector.rebuild(batches(random_history(seed=3, length=300).facts))
    assert path.with_name(path.name + "-wal").stat().st_size == 0


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
    with Projector(path) as other:

        def meanwhile(_: int) -> None:
            with pytest.raises(ProjectionBusy):
                other.apply(facts)

        projector.rebuild([facts], meanwhile)
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
    wal = path.with_name(path.name + "-wal").read_bytes()
    assert wal
    projector.close()
    path.unlink()
    path.with_name(path.name + "-wal").write_bytes(wal)
    with Projector(path) as again:
        assert again.position() == 0


def test_nobody_else_may_read_the_file(path: Path, projector: Projector) -> None:
    projector.apply(random_history(seed=6, length=30).facts)
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
