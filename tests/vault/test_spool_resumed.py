"""A spool that goes on exactly where it was recorded, and takes back what turned out to be wrong."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import pytest

from tests.vault.test_spool import FRAME_OVERHEAD, KEY, read_all, sample, summary_of, write_frames
from vault.errors import SpoolBroken, SpoolFinished
from vault.frames import Frame, Frames, Place
from vault.spool import FRAME_PLAIN_BYTES, HEADER, SpoolWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_resuming_exactly_cuts_off_what_nobody_answered_for(path: Path) -> None:
    for recorded in (0, 5, 15):
        write_frames(path, [b"first", b"the second", b"third"], finish=False)
        writer = SpoolWriter.resume(path, KEY, "up1", recorded, exactly=True)
        assert writer.offset_bytes == writer.durable_bytes == recorded
        writer.append(b" and on")
        writer.finish()
        assert read_all(path) == b"firstthe second"[:recorded] + b" and on"
        path.unlink()


def test_resuming_exactly_goes_on_behind_a_torn_frame_and_never_from_less(path: Path) -> None:
    write_frames(path, [b"first", b"the second"], finish=False)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(HEADER) + FRAME_OVERHEAD])
    writer = SpoolWriter.resume(path, KEY, "up1", 0, exactly=True)
    assert writer.offset_bytes == 0
    writer.close()
    for lost in (6, 15):
        path.write_bytes(raw[:-1])
        with pytest.raises(SpoolBroken):
            SpoolWriter.resume(path, KEY, "up1", lost, exactly=True)
        assert path.read_bytes() == raw[:-1]


def test_resuming_exactly_at_its_end_tells_that_a_spool_is_finished(path: Path) -> None:
    for frames, recorded in (([], 0), ([b"first"], 5)):
        write_frames(path, frames)
        with pytest.raises(SpoolFinished):
            SpoolWriter.resume(path, KEY, "up1", recorded, exactly=True)
        path.unlink()


def test_resuming_exactly_with_the_wrong_key_cuts_nothing(path: Path) -> None:
    write_frames(path, [b"first", b"the second"], finish=False)
    before = path.read_bytes()
    with pytest.raises(SpoolBroken):
        SpoolWriter.resume(path, bytes(32), "up1", 5, exactly=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("wrong", [b"", b"w", sample(FRAME_PLAIN_BYTES + 1)], ids=["nothing", "a byte", "frames"])
@pytest.mark.parametrize("kept", [b"", b"kept"], ids=["from the start", "after some"])
@pytest.mark.parametrize("resumed", [False, True])
def test_rewinding_takes_back_what_was_not_synced(path: Path, wrong: bytes, kept: bytes, *, resumed: bool) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    writer.append(kept)
    writer.sync()
    before = path.read_bytes()
    if resumed:
        writer.close()
        writer = SpoolWriter.resume(path, KEY, "up1", len(kept), exactly=True)
    writer.append(wrong)
    assert writer.rewind() == writer.offset_bytes == writer.durable_bytes == len(kept)
    assert path.read_bytes() == before
    writer.append(b" and right")
    assert writer.finish() == summary_of(kept + b" and right")
    assert read_all(path) == kept + b" and right"


def test_resuming_near_the_end_looks_at_no_frame_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = left_open(path, 50)
    looked_at: list[int] = []
    find = Frames.find

    def counted(frames: Frames, place: Place) -> Frame | None:
        looked_at.append(place.index)
        return find(frames, place)

    monkeypatch.setattr(Frames, "find", counted)
    writer = SpoolWriter.resume(path, KEY, "up1", 200, exactly=True, last=last)
    assert min(looked_at) == last.index == 49
    assert writer.durable_last == last
    writer.append(b" and on")
    assert writer.sync() == 207
    assert writer.durable_last.index == 50
    writer.append(b"wrong")
    writer.rewind()
    assert writer.durable_last.index == 50
    writer.finish()
    assert read_all(path) == b"more" * 50 + b" and on"


@pytest.mark.parametrize("wrong", ["index", "file_bytes", "plain_bytes"])
def test_a_last_place_that_does_not_fit_is_not_believed(path: Path, wrong: str) -> None:
    last = left_open(path, 5)
    other = dataclasses.replace(last, **{wrong: getattr(last, wrong) + 1})
    writer = SpoolWriter.resume(path, KEY, "up1", 20, exactly=True, last=other)
    assert writer.durable_last == last
    assert writer.finish() == summary_of(b"more" * 5)


def left_open(path: Path, frames: int) -> Place:
    """A spool of so many small frames, and where its last one begins."""
    writer = SpoolWriter.create(path, KEY, "up1")
    for _ in range(frames):
        writer.append(b"more")
        writer.sync()
    writer.close()
    return writer.durable_last


@pytest.mark.parametrize("fails", ["write", "open"])
def test_a_finish_that_fails_lets_go_of_the_spool(path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    last = left_open(path, 2)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "gone")

    writer = SpoolWriter.resume(path, KEY, "up1", 8, exactly=True, last=last)
    with monkeypatch.context() as patch:
        patch.setattr(Frames, fails, fail)
        with pytest.raises(OSError, match="gone"):
            writer.finish()
    assert SpoolWriter.resume(path, KEY, "up1", 8, exactly=True).finish() == summary_of(b"moremore")
    with pytest.raises(SpoolBroken):
        writer.append(bytes(FRAME_PLAIN_BYTES))
