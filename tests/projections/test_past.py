"""One person's rows of a moment: what the tables of everybody held then, in a database that leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import ChatStarted, UserRegistered
from domain.fact import Fact
from projections import past
from projections.errors import ProjectionContradicted, ProjectionFull
from projections.paging import PageQuery
from projections.past import fold
from projections.queries import Queries, Reader
from projections.rows import FileRow
from projections.runner import Projector
from tests.descriptors import open_files
from tests.projections.history import PEOPLE, History, message, random_history


def everything(tables: Queries, user: str) -> tuple[object, ...]:
    """All that is a person's in these tables, sessions that have expired included."""
    items = tables.page(PageQuery(user=user, limit=1000)).items
    spoken = [tables.transcript(user, item.file_id) for item in items if isinstance(item, FileRow)]
    return tables.user(user), tables.sessions(user, 0), items, spoken


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def open_pasts() -> dict[int, str]:
    """What this process has open that lies in a folder of the past."""
    return {number: name for number, name in open_files().items() if "/past/" in name}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 120))
def test_of_every_moment_it_holds_what_the_tables_held_then(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("moments")
    facts = random_history(seed, length).facts
    reader = Reader(folder / "then.db")
    with Projector(folder / "then.db") as projector:
        for position in range(1, len(facts) + 1):
            projector.apply(facts[position - 1 : position])
            if position % 7 and position != len(facts):
                continue
            for user in (*PEOPLE, "dee"):
                own = [fact for fact in facts[:position] if fact.user == user]
                then = fold(folder / "past", [own[:5], own[5:]])
                assert everything(then, user) == everything(reader, user)
                assert then.position() == (own[-1].position if own else 0)
                then.close()
    reader.close()


def test_its_file_has_no_name_and_is_gone_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "past"
    named: list[list[str]] = []

    def batches() -> Iterator[Sequence[Fact]]:
        named.append(names(folder))
        assert [target.endswith(" (deleted)") for target in open_pasts().values()] == [True]
        (descriptor,) = open_pasts()
        assert os.fstat(descriptor).st_mode & 0o777 == 0o600
        yield random_history(seed=3, length=50).facts

    then = fold(folder, batches())
    assert named == [[]]
    assert folder.stat().st_mode & 0o777 == 0o700
    then.close()
    assert (names(folder), open_pasts()) == ([], {})


def test_memory_has_a_bound_and_the_rest_lies_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "CACHE_KIB", 512)
    history = History()
    history.add("account-ann", UserRegistered())
    history.add("chat-c1", ChatStarted())
    for number in range(400):
        history.add(f"message-m{number}", message())
    long = [
        Fact(f.position, f.stream, f.version, f.user, f.at_us, f.event, f.key_id, bytes(20_000)) for f in history.facts
    ]
    before = apsw.memory_used()
    apsw.memory_high_water(True)
    then = fold(tmp_path / "past", [long])
    assert apsw.memory_high_water() - before < 2 << 20
    (descriptor,) = open_pasts()
    assert os.fstat(descriptor).st_size > 8_000_000
    after, seen = 0, 0
    while rows := then.page(PageQuery(user="ann", limit=1000, after=after)).items:
        after, seen = rows[-1].position, seen + len(rows)
    assert seen == 401
    assert apsw.memory_used() - before < 2 << 20
    then.close()


def test_whatever_ends_a_fold_leaves_no_file(tmp_path: Path) -> None:
    def leaving() -> Iterator[Sequence[Fact]]:
        yield random_history(seed=3, length=20).facts
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fold(tmp_path / "past", leaving())
    assert (names(tmp_path / "past"), open_pasts()) == ([], {})


def test_facts_that_contradict_each_other_are_told_by_their_position(tmp_path: Path) -> None:
    history = History()
    history.add("chat-c1", ChatStarted())
    history.add("chat-c1", ChatStarted())
    with pytest.raises(ProjectionContradicted) as told:
        fold(tmp_path / "past", [history.facts])
    assert told.value.position == 2
    assert open_pasts() == {}


def test_asking_what_is_closed_fails_instead_of_finding_nothing(tmp_path: Path) -> None:
    then = fold(tmp_path / "past", [random_history(seed=3, length=50).facts])
    then.close()
    with pytest.raises(Exception, match="closed"):
        then.page(PageQuery(user="ann", limit=10))
    with pytest.raises(Exception, match="closed"):
        then.user("ann")


def test_what_a_killed_process_left_unnamed_in_time_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "past"
    folder.mkdir()
    left, just_made = folder / "left", folder / "just-made"
    left.touch()
    just_made.touch()
    os.utime(left, (0, 0))
    fold(folder, []).close()
    assert names(folder) == ["just-made"]


def test_a_folder_that_cannot_be_written_is_told_as_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "past").write_bytes(b"a file where the folder should be")
    with pytest.raises(ProjectionFull):
        fold(tmp_path / "past", [])
