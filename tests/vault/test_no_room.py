"""Databases of the vault that the disk has no room for: they say so by name, and are made once there is room."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.disks_small import no_file_past
from vault.errors import KeyringFull, PendingFull
from vault.keyring_schema import open_database
from vault.pending import PendingUploads

CHECK = b"c" * 32
ROOMS = (0, 512, 4_096, 8_192, 16_384, 28_672)  # In bytes; none holds all the tables.


@pytest.mark.parametrize("room_bytes", ROOMS)
def test_a_keyring_that_finds_no_room_is_made_once_there_is_some(tmp_path: Path, room_bytes: int) -> None:
    path = tmp_path / "keyring.db"
    with no_file_past(room_bytes), pytest.raises(KeyringFull, match=r"the disk refuses .*keyring\.db, where \d+ KiB"):
        open_database(path, CHECK, create=True)
    open_database(path, CHECK, create=True).close()


@pytest.mark.parametrize("room_bytes", ROOMS)
def test_uploads_that_find_no_room_are_made_once_there_is_some(tmp_path: Path, room_bytes: int) -> None:
    path, lock = tmp_path / "uploads.db", tmp_path / "uploads.lock"
    with no_file_past(room_bytes), pytest.raises(PendingFull, match=r"the disk refuses .*uploads\.db, where \d+ KiB"):
        PendingUploads(path, lock)
    with closing(PendingUploads(path, lock)) as pending:
        assert not pending.has("anything")
