"""Small file systems of a test's own, to be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.waiting import wait_for

MIB: Final = 1 << 20
RELEASE_S: Final = 10.0


class Disk:
    """A file system at `folder`, and a file that fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, free_bytes: int = 0) -> None:
        """Leaves about so much room; 0: not a block."""
        with self._filler.open("wb", buffering=0) as filler:
            if free_bytes:
                os.posix_fallocate(filler.fileno(), 0, max(1, self.free_bytes - free_bytes))
            else:
                with suppress(OSError):  # ENOSPC: that it is full is seen from what is left.
                    while True:
                        filler.write(bytes(4_096))
                assert self.free_bytes == 0

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@contextmanager
def mounted(folder: Path, size_bytes: int) -> Iterator[Disk]:
    """A tmpfs at the new folder. Where nothing may be mounted the test is skipped, and says so; in CI it fails."""
    folder.mkdir()
    options = f"size={size_bytes},mode=700"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        assert os.environ.get("CI", "").lower() != "true", f"CI must be able to mount: {made.stderr}"
        pytest.skip(f"NOT TESTED: a full disk needs a file system of its own, and mounting failed: {made.stderr}")
    try:
        yield Disk(folder)
    finally:
        _release(folder)


def _release(folder: Path) -> None:
    """Unmounts, as soon as those who were killed have let go of their files. AssertionError naming who still holds any
    after RELEASE_S; the mount then goes when they do."""
    device = folder.stat().st_dev
    try:
        wait_for(lambda: _unmounted(folder), "nobody to hold a file on the disk", RELEASE_S)
    except AssertionError as error:
        holders = "\n".join(_holders(device))
        subprocess.run(["umount", "--lazy", folder], check=True)
        raise AssertionError(f"{error}\n{holders or 'and nobody can be seen to hold one'}") from None


def _unmounted(folder: Path) -> bool:
    return subprocess.run(["umount", folder], capture_output=True, check=False).returncode == 0


def _holders(device: int) -> Iterator[str]:
    """Thread, its program, and the file, for each that is open (or stood in, or mapped) on the device."""
    for thread in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        with suppress(OSError):  # It ended while we looked.
            for held in (thread / "cwd", thread / "root", *(thread / "fd").iterdir()):
                with suppress(OSError):
                    if held.stat().st_dev == device:
                        yield f"{_named(thread)} holds {held.readlink()} as {held.name}"
            mark = f" {os.major(device):02x}:{os.minor(device):02x} "
            if any(mark in line for line in (thread / "maps").read_text().splitlines()):
                yield f"{_named(thread)} has some of it mapped"


def _named(thread: Path) -> str:
    command = (thread / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return f"{thread.name} ({command or (thread / 'comm').read_text().strip()})"
