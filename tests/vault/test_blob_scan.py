"""What a blob tells without its key."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from vault.blob_scan import probe_blob, scan_blob
from vault.blobs import FIRST_PLAIN_BYTES, PLAIN_BYTES, SEGMENT_BYTES, BlobSeal, BlobWriter, create_blob
from vault.errors import BlobBroken

SIZES = [0, 1, FIRST_PLAIN_BYTES, FIRST_PLAIN_BYTES + 1, FIRST_PLAIN_BYTES + PLAIN_BYTES, 3 * SEGMENT_BYTES + 5]


def written(path: Path, size_bytes: int) -> tuple[BlobSeal, bytes]:
    with create_blob(path) as pending:
        writer = BlobWriter(pending, os.urandom(32), b"")
        writer.write(os.urandom(size_bytes))
        seal = writer.finish()
        pending.commit()
    return seal, writer.nonce_prefix


@pytest.mark.parametrize("size_bytes", SIZES)
def test_a_scan_tells_what_the_writer_told(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "a.blob"
    seal, nonce_prefix = written(path, size_bytes)
    seen: list[int] = []
    found = scan_blob(path, seen.append)
    assert (found.size_bytes, found.ciphertext_bytes) == (seal.size_bytes, seal.ciphertext_bytes)
    assert (found.ciphertext_sha256, found.nonce_prefix) == (seal.ciphertext_sha256, nonce_prefix)
    assert found.ciphertext_sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert probe_blob(path) == sum(seen) == seal.ciphertext_bytes


@pytest.mark.parametrize("length_bytes", [0, 1, 39, 55, SEGMENT_BYTES + 1, SEGMENT_BYTES + 16])
def test_a_length_that_no_writer_makes_is_no_blob(tmp_path: Path, length_bytes: int) -> None:
    path = tmp_path / "a.blob"
    written(path, 2 * SEGMENT_BYTES)
    os.truncate(path, length_bytes)
    for look in (probe_blob, lambda path: scan_blob(path, len_of)):
        with pytest.raises(BlobBroken):
            look(path)


def test_another_first_byte_is_no_blob(tmp_path: Path) -> None:
    path = tmp_path / "a.blob"
    path.write_bytes(b"\x29" + bytes(100))
    with pytest.raises(BlobBroken):
        probe_blob(path)


def test_a_blob_that_changes_its_length_while_it_is_read_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "a.blob"
    written(path, 3 * SEGMENT_BYTES)
    with pytest.raises(BlobBroken):
        scan_blob(path, lambda _: os.truncate(path, SEGMENT_BYTES))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    written(tmp_path / "a.blob", 10)
    (tmp_path / "b.blob").symlink_to(tmp_path / "a.blob")
    with pytest.raises(OSError, match="symbolic links"):
        probe_blob(tmp_path / "b.blob")


def test_nothing_stays_open_whatever_happens(tmp_path: Path) -> None:
    path = tmp_path / "a.blob"
    written(path, 2 * SEGMENT_BYTES)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            scan_blob(path, lambda count: count // 0)
        scan_blob(path, len_of)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def len_of(count_bytes: int) -> int:
    return count_bytes


@pytest.mark.timeout(20)
def test_a_pipe_under_a_blobs_name_is_no_blob_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.blob"
    os.mkfifo(path)
    with pytest.raises(OSError, match="regular"):
        probe_blob(path)
    with pytest.raises(OSError, match="regular"):
        scan_blob(path, lambda _: None)
