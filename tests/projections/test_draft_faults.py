"""A rebuild that fails, crashes, finds a full disk or something strange in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from domain.fact import Fact
from projections import database, places, user_data
from projections.compare import comparing, differences, dump_hash
from projections.draft import Draft
from projections.errors import (
    ProjectionError,
    ProjectionFull,
    ProjectionStopped,
)
from projections.paging import PageQuery
from projections.queries import Reader
from projections.runner import Projector
from tests.disks import MIB, Disk, mounted
from tests.projections.history import random_history
from tests.projections.test_draft import files, rebuild

ALL = PageQuery(user="ann", limit=1000)


@pytest.mark.parametrize(
    ("fault", "told"), [(apsw.FullError, ProjectionFull), (KeyError, ProjectionStopped)], ids=["full disk", "fault"]
)
def test_a_draft_that_fails_leaves_the_live_tables_and_nothing_else(
    path: Path,
    projector: Projector,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Exception],
    told: type[ProjectionError],
) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    before = dump_hash(path), files(path)
    real = user_data.apply

    def fails(cursor: apsw.Cursor, fact: Fact) -> None:
        if fact.position == 70:
            raise fault
        real(cursor, fact)

    monkeypatch.setattr(user_data, "apply", fails)
    with pytest.raises(told), Draft(path) as draft:
        draft.apply(facts)
    monkeypatch.undo()
    assert (dump_hash(path), files(path)) == before


@pytest.mark.parametrize("step", range(6))
def test_a_crash_at_any_step_of_the_swap_leaves_the_old_tables_or_the_new(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    facts = random_history(seed=3, length=200).facts
    with Projector(path) as projector:
        projector.apply(facts[:100])
    steps = 0

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def die(*given: object) -> object:
            nonlocal steps
            steps += 1
            if steps > step:
                raise Died
            return real(*given)

        return die

    draft = Draft(path)
    draft.apply(facts)
    for name in ("sync", "place", "tidy", "discard"):
        monkeypatch.setattr(places, name, dying(getattr(places, name)))
    if step < 5:
        with pytest.raises(Died):
            draft.take_place()
    else:
        draft.take_place()
    with suppress(Died):
        draft.close()  # Its lock goes, as with the process; it can remove nothing.
    monkeypatch.undo()
    reader = Reader(path)
    assert reader.position() == (100 if step < 3 else 200)
    reader.close()
    with Projector(path) as projector:
        assert projector.apply(facts) == 200
    assert files(path) == {path.name, path.resolve().name}
    rebuild(tmp_path / "whole.db", facts)
    assert dump_hash(path) == dump_hash(tmp_path / "whole.db")


class Died(BaseException):
    """Here the process would have been killed."""


def test_whoever_opens_to_write_removes_what_crashes_left_and_nothing_else(path: Path) -> None:
    with Projector(path):
        pass
    token = "0123456789abcdef"
    left = [f".{token}", f".{token}-wal", f".{token}.draft", f".{token}.draft-journal", f".{token}.link", "-wal"]
    foreign = [f".{token}.bak", ".old", "-notes"]
    for ending in (*left, *foreign):
        path.with_name(path.name + ending).touch()
    with Projector(path):
        pass
    assert files(path) == {path.name, path.resolve().name, *(path.name + ending for ending in foreign)}


def test_the_database_of_another_program_keeps_its_place(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE precious (a); INSERT INTO precious VALUES (1)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ProjectionError, match="another program"):
        rebuild(path, random_history(seed=3, length=10).facts)
    assert path.read_bytes() == before
    assert files(path) == {path.name}


@pytest.mark.parametrize("lost", ["nothing there", "a link to nothing", "damaged", "another schema"])
def test_a_rebuild_takes_the_place_of_whatever_is_left(path: Path, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    facts = random_history(seed=3, length=100).facts
    match lost:
        case "a link to nothing":
            path.symlink_to("gone")
        case "damaged":
            path.write_bytes(b"no database" * 500)
        case "another schema":
            with monkeypatch.context() as patch:
                patch.setattr("projections.database.SCHEMA_VERSION", 1)
                Projector(path).close()
        case _:
            pass
    rebuild(path, facts)
    with Projector(path) as projector:
        assert not projector.was_reset
        assert projector.position() == 100


def test_what_is_compared_stands_as_it_was_while_the_live_goes_on(path: Path, tmp_path: Path) -> None:
    facts = random_history(seed=3, length=200).facts
    rebuild(tmp_path / "rebuilt.db", facts[:100])
    with Projector(path) as live:
        live.apply(facts[:100])
        with comparing(path, tmp_path / "rebuilt.db") as lines:
            live.apply(facts)
            rebuild(path, facts)
            assert list(lines) == []
        assert list(differences(path, tmp_path / "rebuilt.db")) != []


def test_nobody_else_may_read_a_draft_or_what_becomes_of_it(path: Path) -> None:
    facts = random_history(seed=3, length=100).facts
    with Draft(path) as draft:
        draft.apply(facts)
        draft.settle()
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
        draft.take_place()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """Room for some tables, not for many."""
    with mounted(tmp_path / "disk", 3 * MIB) as disk:
        yield disk


def test_a_disk_that_fills_up_while_building_is_freed_and_the_live_tables_go_on(small_disk: Disk) -> None:
    path = small_disk.folder / "tables.db"
    facts = random_history(seed=3, length=400).facts
    with Projector(path) as projector:
        projector.apply(facts[:300])
        before = files(path)
        small_disk.fill(free_bytes=MIB)
        with pytest.raises(ProjectionFull):
            rebuild(path, random_history(seed=3, length=20_000).facts)
        assert files(path) == before | {"filler"}
        assert projector.apply(facts) == 400
    reader = Reader(path)
    assert reader.position() == 400
    reader.close()


def test_a_killed_rebuild_is_cleared_away_by_the_next(path: Path) -> None:
    path.with_name(f"{path.name}.0123456789abcdef.draft").write_bytes(b"half")
    with Draft(path):
        assert not path.with_name(f"{path.name}.0123456789abcdef.draft").exists()


def test_a_file_that_takes_the_place_is_ready_for_readers_beside_a_writer(path: Path) -> None:
    rebuild(path, random_history(seed=3, length=10).facts)
    assert path.read_bytes()[18:20] == b"\x02\x02"  # WAL: https://www.sqlite.org/fileformat2.html §1.3.


def test_damage_that_somebody_has_seen_to_is_not_seen_to_again(path: Path) -> None:
    with Projector(path):
        damaged = places.identity(path)
    assert damaged is not None
    facts = random_history(seed=3, length=10).facts
    held = path.open("rb")  # Its inode is not given out again as long as it is open.
    rebuild(path, facts)
    opened = database.reset(path, damaged)
    opened.connection.close()
    held.close()
    assert not opened.was_reset
    with Projector(path) as projector:
        assert projector.position() == 10
