"""What the system refuses has a name that a caller is told."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from service.house.house import House
from service.house.room import storage_full
from service.machine.errors import Busy, StorageFull
from service.machine.layout import Layout
from service.upkeep.readiness import state


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE], ids=errno.errorcode.get)
def test_a_disk_that_does_not_work_is_no_fault_of_the_server(number: int) -> None:
    assert isinstance(storage_full(OSError(number, "no")), Busy)


def test_a_full_disk_is_full_and_what_is_unknown_stays_what_it_is() -> None:
    assert isinstance(storage_full(OSError(errno.ENOSPC, "no")), StorageFull)
    unknown = OSError(errno.EINVAL, "no")
    assert storage_full(unknown) is unknown


def test_a_file_that_is_lost_is_not_a_folder_that_is_away(tmp_path: Path) -> None:
    def opening(path: Path) -> Exception:
        with pytest.raises(FileNotFoundError) as refused:
            path.open()
        return storage_full(refused.value)

    assert isinstance(opening(tmp_path / "file"), FileNotFoundError)
    assert isinstance(opening(tmp_path / "folder" / "file"), Busy)


@pytest.mark.parametrize("name", ["spool", "blobs"])
def test_a_folder_that_is_away_is_missing(house: House, name: str) -> None:
    assert name not in state(house).missing
    folder = Layout(house.layout.data).data / name
    folder.rename(folder.with_name("away"))
    assert name in state(house).missing


def test_how_it_stands_is_told_of_a_disk_that_takes_no_writes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ = os.open

    def refusing(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return open_(path, flags, *more, **named)

    (house.layout.run / "uploads.pulse").touch()
    monkeypatch.setattr(os, "open", refusing)
    assert "worker:uploads" in state(house).missing
