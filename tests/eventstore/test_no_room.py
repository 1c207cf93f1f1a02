"""A log that cannot be made or opened: the file and the reason are named, and once that has gone it is made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from eventstore.errors import LogUnreadable
from eventstore.log import Log
from tests.disks_small import no_file_past


@pytest.mark.parametrize("room_bytes", [0, 512, 4_096, 8_192, 16_384])
def test_a_log_that_finds_no_room_is_made_once_there_is_some(tmp_path: Path, room_bytes: int) -> None:
    path = tmp_path / "events.db"
    with no_file_past(room_bytes), pytest.raises(LogUnreadable, match=r"the disk refuses .*events\.db, where \d+ KiB"):
        Log(path)
    with closing(Log(path)) as log:
        assert log.head() == 0


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()
    with pytest.raises(LogUnreadable, match=r"events\.db: a folder lies where this database belongs"):
        Log(tmp_path / "events.db")
