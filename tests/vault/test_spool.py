"""The spool: what it holds comes back whole or not at all, and a torn one goes on where it was durable."""

import errno
import hashlib
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import vault
from vault.durable import is_abandoned, remove_abandoned
from vault.errors import SpoolBroken, SpoolBusy, SpoolFinished
from vault.hashing import Sha256Beside
from vault.spool import FRAME_PLAIN_BYTES, HEADER, SpoolReader, SpoolSummary, SpoolWriter

KEY = bytes(range(32))
FRAME_OVERHEAD = 4 + 12 + 16
END_FRAME = FRAME_OVERHEAD + 40
SIZES = [0, 1, FRAME_PLAIN_BYTES - 1, FRAME_PLAIN_BYTES, FRAME_PLAIN_BYTES + 1, 3 * FRAME_PLAIN_BYTES + 17]


def sample(size_bytes: int) -> bytes:
    """Bytes in which every place differs from its neighbours, the same each time."""
    return hashlib.shake_128(b"sample").digest(size_bytes)


def summary_of(plaintext: bytes) -> SpoolSummary:
    return SpoolSummary(len(plaintext), hashlib.sha256(plaintext).digest())


def write_frames(path: Path, frames: list[bytes], upload_id: str = "up1", *, finish: bool = True) -> None:
    """A spool with exactly these frames."""
    writer = SpoolWriter.create(path, KEY, upload_id)
    for frame in frames:
        writer.append(frame)
        writer.sync()
    if finish:
        writer.finish()
    writer.close()


def read_all(path: Path, key: bytes = KEY, upload_id: str = "up1") -> bytes:
    with SpoolReader(path, key, upload_id) as reader:
        plaintext = b"".join(reader)
        assert reader.summary == summary_of(plaintext)
        return plaintext


def frames_of(raw: bytes) -> list[bytes]:
    """The frames of a spool file as they lie, by their heads."""
    frames, at = [], len(HEADER)
    while at < len(raw):
        end = at + 4 + (int.from_bytes(raw[at : at + 4], "big") & 0x7FFFFFFF)
        frames.append(raw[at:end])
        at = end
    return frames


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize("size_bytes", SIZES)
@pytest.mark.parametrize("piece_bytes", [65_536, FRAME_PLAIN_BYTES, 5 * FRAME_PLAIN_BYTES])
def test_what_goes_in_comes_out(path: Path, size_bytes: int, piece_bytes: int) -> None:
    plaintext = sample(size_bytes)
    writer = SpoolWriter.create(path, KEY, "up1")
    for start in range(0, size_bytes, piece_bytes):
        writer.append(memoryview(plaintext)[start : start + piece_bytes])
    assert writer.offset_bytes == size_bytes
    assert writer.finish() == summary_of(plaintext)
    assert read_all(path) == plaintext


def test_a_buffer_may_be_reused_as_soon_as_append_returns(path: Path) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    buffer = bytearray(FRAME_PLAIN_BYTES)
    for fill in range(8):
        buffer[:] = bytes([fill]) * len(buffer)
        writer.append(buffer)
        buffer[:] = b"\xff" * len(buffer)
    writer.finish()
    assert read_all(path) == b"".join(bytes([fill]) * FRAME_PLAIN_BYTES for fill in range(8))


def test_nothing_readable_lies_on_disk_and_only_the_owner_may_look(path: Path) -> None:
    write_frames(path, [b"a secret sentence that must not show"])
    raw = path.read_bytes()
    assert b"secret" not in raw
    assert hashlib.sha256(b"a secret sentence that must not show").digest() not in raw
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sync_tells_what_survives(path: Path) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    writer.append(b"abc")
    assert (writer.offset_bytes, writer.durable_bytes) == (3, 0)
    assert writer.sync() == writer.durable_bytes == 3
    writer.append(b"lost with the process")
    writer.close()
    resumed = SpoolWriter.resume(path, KEY, "up1")
    assert resumed.offset_bytes == resumed.durable_bytes == 3
    resumed.abandon()


def test_a_tail_torn_at_any_byte_resumes_after_the_last_whole_frame(path: Path) -> None:
    parts = [b"first", b"the second", b"3"]
    write_frames(path, parts, finish=False)
    raw = path.read_bytes()
    ends = [len(HEADER)]
    for frame in frames_of(raw):
        ends.append(ends[-1] + len(frame))
    for cut in range(len(raw) + 1):
        path.write_bytes(raw[:cut])
        whole = sum(end <= cut for end in ends[1:])
        writer = SpoolWriter.resume(path, KEY, "up1")
        assert writer.offset_bytes == len(b"".join(parts[:whole]))
        writer.append(b" and on")
        expected = b"".join(parts[:whole]) + b" and on"
        assert writer.finish() == summary_of(expected)
        assert read_all(path) == expected


def test_a_tail_that_a_crash_left_full_of_zeros_is_cut_off(path: Path) -> None:
    write_frames(path, [b"first", b"the second"], finish=False)
    raw = bytearray(path.read_bytes())
    raw[-12:] = bytes(12)
    path.write_bytes(bytes(raw) + bytes(5000))
    writer = SpoolWriter.resume(path, KEY, "up1")
    assert writer.offset_bytes == len(b"first")
    writer.finish()
    assert read_all(path) == b"first"


def test_resuming_many_times_gives_the_hash_of_the_whole(path: Path) -> None:
    plaintext = sample(5 * FRAME_PLAIN_BYTES)
    SpoolWriter.create(path, KEY, "up1").close()
    for start in range(0, len(plaintext), 700_001):
        writer = SpoolWriter.resume(path, KEY, "up1", durable_bytes=start)
        writer.append(plaintext[start : start + 700_001])
        writer.sync()
        writer.close()
    assert SpoolWriter.resume(path, KEY, "up1").finish() == summary_of(plaintext)
    assert read_all(path) == plaintext


def test_losing_what_was_called_durable_is_an_error_not_a_shorter_upload(path: Path) -> None:
    write_frames(path, [b"first", b"the second"], finish=False)
    before = path.read_bytes()
    path.write_bytes(before[:-1])
    with pytest.raises(SpoolBroken):
        SpoolWriter.resume(path, KEY, "up1", durable_bytes=15)
    assert path.read_bytes() == before[:-1]


def test_a_frame_damaged_below_the_durable_offset_stops_the_finish(path: Path) -> None:
    write_frames(path, [b"first", b"the second", b"third"], finish=False)
    raw = bytearray(path.read_bytes())
    raw[len(HEADER) + FRAME_OVERHEAD + 5 + 20] ^= 1
    path.write_bytes(raw)
    writer = SpoolWriter.resume(path, KEY, "up1", durable_bytes=20)
    with pytest.raises(SpoolBroken):
        writer.finish()
    writer.abandon()


def test_resuming_with_the_wrong_key_cuts_nothing(path: Path) -> None:
    write_frames(path, [b"first", b"the second"], finish=False)
    before = path.read_bytes()
    for key, upload_id in ((bytes(32), "up1"), (KEY, "up2")):
        with pytest.raises(SpoolBroken):
            SpoolWriter.resume(path, key, upload_id)
        assert path.read_bytes() == before


def test_a_finished_spool_cannot_be_resumed(path: Path) -> None:
    for frames in ([], [b"first"]):
        write_frames(path, frames)
        with pytest.raises(SpoolFinished):
            SpoolWriter.resume(path, KEY, "up1")
        assert read_all(path) == b"".join(frames)
        path.unlink()


def test_an_unfinished_spool_cannot_be_read(path: Path) -> None:
    write_frames(path, [b"first"])
    raw = path.read_bytes()
    for cut in range(len(raw)):
        path.write_bytes(raw[:cut])
        with pytest.raises(SpoolBroken):
            read_all(path)


def test_every_changed_byte_is_refused(path: Path) -> None:
    write_frames(path, [b"first", b"the second"])
    raw = path.read_bytes()
    for place in range(len(raw)):
        for bit in (0x01, 0x80):
            changed = bytearray(raw)
            changed[place] ^= bit
            path.write_bytes(changed)
            with pytest.raises(SpoolBroken):
                read_all(path)


def test_frames_swapped_removed_doubled_or_added_are_refused(path: Path) -> None:
    write_frames(path, [b"aaaa", b"bbbb", b"cccc"])
    first, second, third, end = frames_of(path.read_bytes())
    for frames in (
        [second, first, third, end],
        [first, third, end],
        [second, third, end],
        [first, second, end],
        [first, first, third, end],
        [first, second, third, third, end],
        [first, second, third, end, end],
        [first, second, third, end, first],
        [end],
        [end, first, second, third],
        [first, second, third],
        [],
    ):
        path.write_bytes(HEADER + b"".join(frames))
        with pytest.raises(SpoolBroken):
            read_all(path)


def test_no_byte_out_of_its_place_is_given_out_before_the_refusal(path: Path) -> None:
    write_frames(path, [b"aaaa", b"bbbb", b"cccc"])
    first, second, third, end = frames_of(path.read_bytes())
    path.write_bytes(HEADER + first + third + second + end)
    given_out: list[bytes] = []
    with SpoolReader(path, KEY, "up1") as reader, pytest.raises(SpoolBroken):
        given_out.extend(reader)
    assert given_out in ([], [b"aaaa"])


def test_an_end_frame_that_names_another_hash_is_refused(path: Path) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    writer.append(b"first")
    writer.sync()
    writer._hash = Sha256Beside()
    writer.finish()
    with pytest.raises(SpoolBroken):
        read_all(path)


def test_frames_of_another_upload_under_the_same_key_are_refused(tmp_path: Path, path: Path) -> None:
    write_frames(path, [b"aaaa", b"bbbb"])
    write_frames(tmp_path / "other", [b"aaaa", b"BBBB"], upload_id="up2")
    first, _, end = frames_of(path.read_bytes())
    path.write_bytes(HEADER + first + frames_of((tmp_path / "other").read_bytes())[1] + end)
    with pytest.raises(SpoolBroken):
        read_all(path)


def test_a_data_frame_cannot_pose_as_the_end(path: Path) -> None:
    """A frame of 40 plaintext bytes is as long as an end frame: only the bound kind tells them apart."""
    forged_end = (5).to_bytes(8, "big") + hashlib.sha256(b"first").digest()
    write_frames(path, [b"first", forged_end], finish=False)
    first, second = frames_of(path.read_bytes())
    path.write_bytes(HEADER + first + bytes([second[0] | 0x80]) + second[1:])
    with pytest.raises(SpoolBroken):
        read_all(path)


def test_other_formats_and_suites_are_refused(path: Path) -> None:
    write_frames(path, [b"first"])
    raw = path.read_bytes()
    for header in (b"SRSPL\0\x02\x01", b"SRSPL\0\x01\x02", b"SRSPL\0\x00\x01", b"XRSPL\0\x01\x01"):
        path.write_bytes(header + raw[8:])
        with pytest.raises(SpoolBroken):
            read_all(path)
        with pytest.raises(SpoolBroken):
            SpoolWriter.resume(path, KEY, "up1")


def test_the_file_is_as_long_as_documented(path: Path) -> None:
    write_frames(path, [b"first", b"the second"])
    assert path.stat().st_size == len(HEADER) + 2 * FRAME_OVERHEAD + 15 + END_FRAME
    assert len(HEADER) == 8


def test_two_spools_never_share_a_name(path: Path) -> None:
    write_frames(path, [b"first"])
    with pytest.raises(FileExistsError):
        SpoolWriter.create(path, KEY, "up1")


def test_a_sweeper_tells_the_living_from_the_dead(path: Path) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    assert not is_abandoned(path)
    assert not remove_abandoned(path)
    with pytest.raises(SpoolBusy):
        SpoolWriter.resume(path, KEY, "up1")
    writer.close()
    assert is_abandoned(path)
    assert remove_abandoned(path)
    assert not path.exists()
    assert not is_abandoned(path)
    assert not remove_abandoned(path)


def test_a_writer_that_was_killed_leaves_an_abandoned_file(path: Path) -> None:
    program = (
        "import os, pathlib, sys; from vault.spool import SpoolWriter; "
        "writer = SpoolWriter.create(pathlib.Path(sys.argv[1]), bytes(range(32)), 'up1'); "
        "writer.append(b'first'); writer.sync(); os.kill(os.getpid(), 9)"
    )
    checkout = Path(vault.__file__).parents[1]
    killed = subprocess.run([sys.executable, "-c", program, path], cwd=checkout, check=False)
    assert killed.returncode == -9
    assert is_abandoned(path)
    writer = SpoolWriter.resume(path, KEY, "up1")
    assert writer.offset_bytes == 5
    writer.abandon()


def test_abandoning_removes_the_file(path: Path) -> None:
    writer = SpoolWriter.create(path, KEY, "up1")
    writer.append(b"first")
    writer.abandon()
    assert not path.exists()
    writer.abandon()


def test_a_full_disk_loses_nothing_durable_and_can_be_abandoned(path: Path) -> None:
    """A limit on file size stands for the disk: the write comes up short, then fails."""
    writer = SpoolWriter.create(path, KEY, "up1")
    writer.append(sample(1000))
    writer.sync()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            writer.append(sample(2 * FRAME_PLAIN_BYTES))
        assert path.stat().st_size == 500_000  # A torn frame lies there.
        for go_on in (writer.sync, writer.finish):
            with pytest.raises(SpoolBroken, match="earlier write"):
                go_on()
        writer.close()
        resumed = SpoolWriter.resume(path, KEY, "up1", durable_bytes=1000)
        assert resumed.offset_bytes == 1000
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            resumed.append(sample(2 * FRAME_PLAIN_BYTES))
        resumed.abandon()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not path.exists()
