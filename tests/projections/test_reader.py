"""A reader beside a projector: before it, while it writes, after it began again."""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.errors import ProjectionCorrupt
from projections.paging import PageQuery, Rows
from projections.queries import Reader
from projections.runner import Projector
from tests.projections.history import random_history


def test_before_there_is_a_file_everything_is_empty(path: Path) -> None:
    reader = Reader(path)
    assert reader.position() == 0
    assert reader.user("ann") is None
    assert reader.sessions("ann", 0) == []
    assert reader.page(PageQuery(user="ann", limit=10)) == Rows([], more=False)
    assert not path.exists()


def test_the_file_is_noticed_when_it_comes(path: Path) -> None:
    reader = Reader(path)
    assert reader.position() == 0
    with Projector(path) as projector:
        projector.apply(random_history(seed=1, length=20).facts)
        assert reader.position() == 20
        assert reader.user("ann") is not None
    reader.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 500], ids=["unfinished", "damaged"])
def test_a_file_that_is_not_ready_is_waited_for(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    reader = Reader(path)
    assert reader.position() == 0
    with Projector(path) as projector:
        projector.apply(random_history(seed=1, length=20).facts)
        assert reader.position() == 20
    reader.close()


def test_a_file_begun_again_is_followed(path: Path, projector: Projector, reader: Reader) -> None:
    facts = random_history(seed=1, length=40).facts
    projector.apply(facts)
    assert reader.position() == 40
    for file in path.parent.iterdir():
        file.unlink()
    assert reader.position() == 0
    projector.position()
    projector.apply(facts[:10])
    assert reader.position() == 10


def test_within_a_snapshot_nothing_moves(projector: Projector, reader: Reader) -> None:
    facts = random_history(seed=1, length=100).facts
    projector.apply(facts[:50])
    with reader.snapshot():
        before = reader.page(PageQuery(user="ann", limit=1000))
        projector.apply(facts)
        assert reader.position() == 50
        with reader.snapshot():
            assert reader.page(PageQuery(user="ann", limit=1000)) == before
        assert reader.position() == 50
    assert reader.position() == 100


def test_a_snapshot_of_nothing_stays_nothing(path: Path) -> None:
    reader = Reader(path)
    with reader.snapshot(), Projector(path) as projector:
        projector.apply(random_history(seed=1, length=20).facts)
        assert reader.position() == 0
    assert reader.position() == 20
    reader.close()


def test_an_error_within_a_snapshot_ends_it(projector: Projector, reader: Reader) -> None:
    facts = random_history(seed=1, length=100).facts
    projector.apply(facts[:50])
    with pytest.raises(ProjectionCorrupt):
        fail_within_a_snapshot(reader)
    projector.apply(facts)
    assert reader.position() == 100


def fail_within_a_snapshot(reader: Reader) -> None:
    with reader.snapshot():
        assert reader.position() == 50
        raise ProjectionCorrupt


def test_damage_met_while_reading_is_said_and_then_recovered_from(path: Path) -> None:
    facts = random_history(seed=5, length=400).facts
    with Projector(path):
        pass
    roots_bytes = path.stat().st_size  # The schema and the tables' roots: a file damaged there is not opened at all.
    with Projector(path) as projector:
        projector.apply(facts)
    content = path.read_bytes()
    path.write_bytes(content[:roots_bytes] + b"\xee" * (len(content) - roots_bytes))
    reader = Reader(path)
    with pytest.raises(ProjectionCorrupt):
        reader.page(PageQuery(user="ann", limit=10))
    path.unlink()
    with Projector(path) as projector:
        projector.apply(facts)
        assert reader.position() == 400
    reader.close()
