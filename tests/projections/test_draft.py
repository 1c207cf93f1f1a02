"""Tables built beside the live ones: unseen until they are whole, then there for everybody at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fact import Fact
from projections import database, places
from projections.compare import differences, dump_hash
from projections.draft import Draft
from projections.errors import (
    ProjectionBuilding,
    ProjectionBusy,
    ProjectionGap,
)
from projections.paging import PageQuery
from projections.queries import Reader
from projections.runner import Projector
from tests.projections.history import random_history

ALL = PageQuery(user="ann", limit=1000)


def batches(facts: Sequence[Fact], size: int = 50) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), size):
        yield facts[start : start + size]


def rebuild(path: Path, facts: Sequence[Fact], size: int = 50) -> None:
    with Draft(path) as draft:
        for batch in batches(facts, size):
            draft.apply(batch)
        draft.take_place()


def files(path: Path) -> set[str]:
    """What lies around the tables, without what is there for ever."""
    return {entry.name for entry in path.parent.iterdir()} - {f"{path.name}.lock", f"{path.name}.building"}


def make_plain(path: Path) -> None:
    """As it was before there were links: the tables themselves lie at the known path."""
    path.resolve().rename(path)


@settings(max_examples=30, deadline=None)
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
        rebuild(folder / "rebuilt.db", facts, 1 + cuts.randrange(60))
        assert rebuilt.position() == length
    assert list(differences(folder / "live.db", folder / "rebuilt.db")) == []
    assert dump_hash(folder / "live.db") == dump_hash(folder / "rebuilt.db")


def test_the_live_tables_go_on_until_the_draft_takes_their_place(
    path: Path, projector: Projector, reader: Reader
) -> None:
    facts = random_history(seed=3, length=300).facts
    projector.apply(facts[:200])
    with Draft(path) as draft:
        for batch in batches(facts):
            draft.apply(batch)
            if batch[-1].position > 200:
                projector.apply(batch)
            assert reader.position() == max(200, batch[-1].position)
        draft.settle()
        before = reader.page(ALL)
        draft.take_place()
        assert reader.page(ALL) == before
    assert reader.position() == projector.position() == 300


def test_a_snapshot_begun_before_sees_the_old_tables_to_its_end(
    path: Path, projector: Projector, reader: Reader
) -> None:
    facts = random_history(seed=3, length=300).facts
    projector.apply(facts[:200])
    with reader.snapshot():
        before = reader.page(ALL)
        rebuild(path, facts)
        assert (reader.position(), reader.page(ALL)) == (200, before)
    assert reader.position() == 300


def test_what_was_there_before_is_removed(path: Path, projector: Projector) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    old = path.resolve().name
    rebuild(path, facts)
    new = path.resolve().name
    assert new != old
    assert files(path) == {path.name, new}


def test_a_plain_file_goes_on_working_and_gives_way_to_a_link(path: Path) -> None:
    facts = random_history(seed=3, length=300).facts
    with Projector(path) as projector:
        projector.apply(facts[:100])
    make_plain(path)
    reader = Reader(path)
    with Projector(path) as projector:
        assert not projector.was_reset
        assert projector.apply(facts[100:200]) == 200
        assert reader.position() == 200
        assert path.with_name(path.name + "-wal").exists()
        assert not path.is_symlink()
        rebuild(path, facts)
        assert reader.position() == 300
        assert path.is_symlink()
        assert projector.apply(facts) == 300
        assert files(path) == {path.name, *(path.resolve().name + side for side in ("", "-wal", "-shm"))}
    reader.close()


def test_a_swap_waits_for_a_batch_that_is_being_written(
    path: Path, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    monkeypatch.setattr("projections.database.WRITER_BUSY_MS", 20)
    writing = apsw.Connection(str(path))
    writing.execute("BEGIN IMMEDIATE")
    with Draft(path) as draft:
        draft.apply(facts)
        with pytest.raises(ProjectionBusy):
            draft.take_place()
    writing.close()
    rebuild(path, facts)


def test_a_projector_whose_file_lost_its_place_between_looking_and_writing_looks_again(
    path: Path, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = random_history(seed=3, length=300).facts
    projector.apply(facts[:100])
    follow = projector._follow_path

    def follow_then_swap() -> None:
        follow()
        monkeypatch.undo()
        rebuild(path, facts[:200])

    monkeypatch.setattr(projector, "_follow_path", follow_then_swap)
    assert projector.apply(facts) == 300
    reader = Reader(path)
    assert reader.position() == 300
    reader.close()


@pytest.mark.parametrize("plain", [False, True], ids=["link", "plain"])
@pytest.mark.parametrize("moment", ["identity", "open"])
def test_a_reader_that_opens_in_the_instant_of_a_swap_sees_the_new_tables(
    path: Path, monkeypatch: pytest.MonkeyPatch, plain: bool, moment: str
) -> None:
    facts = random_history(seed=3, length=300).facts
    with Projector(path) as projector:
        projector.apply(facts[:100])
        if plain:
            make_plain(path)
    writer = Projector(path)
    writer.apply(facts[:200])  # It stays open: what it wrote stands in the -wal alone.
    reader = Reader(path)

    def swapping(real: Callable[[Path], object]) -> Callable[[Path], object]:
        def swap_after(at: Path) -> object:
            monkeypatch.undo()
            answer = real(at)
            rebuild(path, facts)
            return answer

        return swap_after

    if moment == "identity":
        monkeypatch.setattr(database, "identity", swapping(database.identity))
    else:
        monkeypatch.setattr(database, "_open_for_reading", swapping(database._open_for_reading))
    assert reader.position() == 300
    assert len(reader.page(ALL).items) > 0
    reader.close()
    writer.close()


def test_a_link_that_leads_to_what_was_just_removed_is_followed_again(
    path: Path, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel reads the link, another file takes the place, the old one is removed, the kernel looks for it."""
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    real = Path.stat
    looks: list[Path] = []

    def too_late(self: Path, *, follow_symlinks: bool = True) -> object:
        looks.append(self)
        if len(looks) == 1:
            raise FileNotFoundError
        return real(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", too_late)
    assert places.identity(path) is not None
    assert len(looks) > 1


def test_a_second_rebuild_is_refused_and_the_first_goes_on(path: Path, projector: Projector) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    with Draft(path) as draft:
        draft.apply(facts[:50])
        with pytest.raises(ProjectionBuilding):
            Draft(path)
        with Projector(path):  # It tidies up, and leaves what is being built.
            pass
        draft.apply(facts)
        draft.take_place()
    with Draft(path) as draft:
        assert draft.position == 0
    assert projector.position() == 100


def test_a_draft_that_is_closed_early_leaves_nothing(path: Path, projector: Projector) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    before = files(path)
    with Draft(path) as draft:
        draft.apply(facts)
        draft.settle()
        assert files(path) > before
    assert files(path) == before
    assert projector.position() == 100


def test_a_gap_leaves_the_live_tables_and_what_comes_twice_is_taken_once(path: Path, projector: Projector) -> None:
    facts = random_history(seed=3, length=100).facts
    projector.apply(facts)
    before = dump_hash(path), files(path)
    with pytest.raises(ProjectionGap), Draft(path) as draft:
        draft.apply([facts[0], facts[2]])
    with Draft(path) as draft:
        assert draft.apply([facts[0], facts[0], facts[1]]) == 2
    assert (dump_hash(path), files(path)) == before
