"""How far processing has come: told by the worker, seen in the stream and in the rows, and never in the log."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest

from service.house.advance import TELL_EVERY_S, Advance, being_told, forget_advance, share_done
from service.house.house import House
from service.machine.layout import Layout
from service.processing.storing import Done, store
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.e2e.people import Person, done
from tests.stream.ears import listening
from tests.waiting import wait_for


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def tick(self) -> None:
        self.now_s += TELL_EVERY_S


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    layout.create()
    return layout


def test_a_share_is_told_four_times_a_second_at_most_and_taken_back_at_the_end(layout: Layout) -> None:
    clock = Clock()
    with Advance(layout, "a-file", 1_000, clock) as advance:
        advance.add(100)
        assert share_done(layout, "a-file") is None  # What is done in a moment never costs a file.
        clock.tick()
        advance.add(100)
        assert share_done(layout, "a-file") == 0.2
        advance.add(300)
        assert share_done(layout, "a-file") == 0.2
        clock.tick()
        advance.add(1_000)
        assert share_done(layout, "a-file") == 1.0  # Never more, whatever was announced.
        assert being_told(layout) == ["a-file"]
        (path,) = (layout.run / "progress").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert share_done(layout, "a-file") is None
    assert being_told(layout) == []


def test_what_a_killed_worker_told_is_taken_over(layout: Layout) -> None:
    clock = Clock()
    killed = Advance(layout, "a-file", 10, clock)
    clock.tick()
    killed.add(9)
    assert share_done(layout, "a-file") == 0.9
    with Advance(layout, "a-file", 10, clock) as again:
        clock.tick()
        again.add(1)
        assert share_done(layout, "a-file") == 0.1
    assert being_told(layout) == []
    killed.close()


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 8, b"\x40" + bytes(7)])
def test_what_is_no_share_is_not_told(layout: Layout, data: bytes) -> None:
    (layout.run / "progress").mkdir()
    (layout.run / "progress" / "a-file").write_bytes(data)
    assert share_done(layout, "a-file") is None
    forget_advance(layout, "a-file")
    forget_advance(layout, "a-file")
    assert being_told(layout) == []


def test_a_folder_that_takes_nothing_fails_no_work(layout: Layout) -> None:
    (layout.run / "progress").write_text("in the way")
    clock = Clock()
    with Advance(layout, "a-file", 10, clock) as advance:
        clock.tick()
        advance.add(1)
    assert (layout.run / "progress").read_text() == "in the way"


def test_storing_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.house.advance.TELL_EVERY_S", 0.0)
    seen: list[float | None] = []
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        file_id = builders.uploaded_file(house, builders.person(house), bytes(4 << 20))

        def stopping() -> bool:
            seen.append(share_done(house.layout, file_id))
            return False

        assert store(house, house.log, file_id, stopping) is Done.STORED
        assert seen == [None, 0.25, 0.5, 0.75]
        assert being_told(house.layout) == []


def test_the_sweeper_removes_what_is_told_of_files_that_are_not_being_processed(tmp_path: Path) -> None:
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        ada, clock = builders.person(house), Clock()
        waiting, stored = (builders.uploaded_file(house, ada, b"bytes") for _ in range(2))
        store(house, house.log, stored)
        killed = [Advance(house.layout, file_id, 2, clock) for file_id in (waiting, stored, "nobody's")]
        clock.tick()
        for advance in killed:
            advance.add(1)
        Sweeper().sweep(house, house.log, 0)
        assert being_told(house.layout) == [waiting]
        for advance in killed:
            advance.close()


def test_a_file_shows_how_far_it_is_everywhere(ada: Person, bob: Person) -> None:
    layout, clock = Layout(ada.stack.data), Clock()
    with listening(ada) as ear, listening(bob) as bobs, ada.stack.paused("worker:uploads"):
        file_id = ada.upload_one(b"bytes")
        assert ada.file(file_id)["progress"] is None
        seen = ada.http.get("/user/data")
        with Advance(layout, file_id, 100, clock) as advance:
            for share in (0.25, 0.5):
                clock.tick()
                advance.add(25)
                event = ear.until("progress")
                assert event.position is None
                assert event.data == {"file_id": file_id, "progress": share}
                assert ada.file(file_id)["progress"] == share
            changed = ada.http.get("/user/data", headers={"If-None-Match": seen.headers["etag"]})
            assert done(changed, 200)["files"][0]["progress"] == 0.5
            with listening(ada) as late:
                assert late.until("progress").data["progress"] == 0.5
        assert ada.file(file_id)["progress"] is None
        bob.send("mine")
        assert [event.name for event in bobs.take(3)] == ["ready", "ChatStarted", "MessageSent"]
    wait_for(lambda: ada.file(file_id)["progress"] == 1.0, "the file to be ready")
