"""A finished spool opens at any place, and only as it was written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from vault.errors import SpoolBroken
from vault.keys import new_key
from vault.spool import FRAME_PLAIN_BYTES, HEADER, SpoolWriter
from vault.spool_access import KEPT_FRAMES, SpoolAccess

KEY = new_key()
DATA = random.Random(3).randbytes(7 * FRAME_PLAIN_BYTES + 4_321)


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of several lengths, as a resumed upload leaves them."""
    path = tmp_path_factory.mktemp("spool") / "one.spool"
    writer = SpoolWriter.create(path, KEY, "up")
    writer.append(DATA[:1_000])
    writer.sync()
    writer.append(DATA[1_000:3_000_000])
    writer.sync()
    writer.append(DATA[3_000_000:])
    writer.finish()
    return path


def test_any_range_is_what_was_written_there(spool: Path) -> None:
    rng = random.Random(5)
    with SpoolAccess(spool, KEY, "up") as access:
        assert access.size_bytes == len(DATA)
        for _ in range(200):
            start = rng.randrange(len(DATA) + 1)
            length = rng.choice((0, 1, 100, FRAME_PLAIN_BYTES, 3 * FRAME_PLAIN_BYTES))
            length = min(length, len(DATA) - start)
            assert access.read_at(start, length) == DATA[start : start + length]
        assert access.read_at(len(DATA), 0) == b""
        assert len(access._kept) <= KEPT_FRAMES


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1), (len(DATA), 1), (1, len(DATA))])
def test_nothing_past_the_ends_is_given(spool: Path, offset: int, length: int) -> None:
    with SpoolAccess(spool, KEY, "up") as access, pytest.raises(ValueError, match="bytes at"):
        access.read_at(offset, length)


def test_a_changed_frame_does_not_open_and_the_others_do(spool: Path, tmp_path: Path) -> None:
    broken = bytearray(spool.read_bytes())
    broken[len(HEADER) + 40] ^= 1
    path = tmp_path / "broken.spool"
    path.write_bytes(broken)
    with SpoolAccess(path, KEY, "up") as access:
        assert access.read_at(5_000_000, 10) == DATA[5_000_000:5_000_010]
        with pytest.raises(SpoolBroken):
            access.read_at(0, 1)


@pytest.mark.parametrize("cut", [1, 72, 2_000_000])
def test_a_spool_without_its_end_is_not_opened(spool: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.spool"
    path.write_bytes(spool.read_bytes()[:-cut])
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SpoolBroken):
        SpoolAccess(path, KEY, "up")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(("key", "upload"), [(new_key(), "up"), (KEY, "another")], ids=["key", "upload"])
def test_another_key_or_upload_opens_nothing(spool: Path, key: bytes, upload: str) -> None:
    with pytest.raises(SpoolBroken):
        SpoolAccess(spool, key, upload)
