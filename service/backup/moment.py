"""One moment of a living folder, held on to: log, keyring, uploads under way, spools of the same instant.

Every append waits on `run/log.lock`, so whoever has it holds the log still, for as long as it takes to open a snapshot
of each database and to give every spool a second name: milliseconds. In that instant

- each key that the log names is in the keyring (a key comes before its event) or destroyed on purpose;
- each file that the log calls uploaded, and neither stored nor deleted, lies in its spool with its key beside it (both
  go after the event that replaces them);
- what is signed is in the log (`checkpoint` and `signed` are read before).

Then everything goes on. What is deleted after that moment may be gone when its bytes are to be copied; it is told from
damage by its keys, which go first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import open_checkpoint
from eventstore.copying import held_still
from eventstore.copying import snapshot as log_snapshot
from eventstore.note import NoteInvalid
from service.backup.copying import remove_tree
from service.backup.errors import BackupRefused
from service.backup.place import full_disk_told
from service.house.house import House
from service.house.log_key import read_file, read_verifier
from service.machine.layout import Layout
from vault.durable import overwrite
from vault.keyring_backup import snapshot as keyring_snapshot

SCRATCH: Final = "backup"
Show = Callable[[int, int], object]


class LogFiles(msgspec.Struct, frozen=True):
    """What makes the log one that anybody can check. `signing_key` is sealed under the server key. No repr.
    `signed_size`: events that are signed; -1 where nothing ever was."""

    key: bytes | None
    signing_key: bytes | None
    signed: bytes | None
    checkpoint: bytes | None
    signed_size: int

    def __repr__(self) -> str:
        return f"LogFiles(signed_size={self.signed_size})"


class Moment(msgspec.Struct, frozen=True):
    """`head`: the log's newest position. `spools`: a folder with the second names; `keyring` and `uploads`: the copies,
    beside it. They go with the moment."""

    log_files: LogFiles
    head: int
    spools: Path
    keyring: Path
    uploads: Path


@contextmanager
def held_moment(house: House, log_to: Path, show: Show) -> Iterator[Moment]:
    """The log is copied to a path. BackupRefused; LogError, VaultError, OSError: nothing of it is left. One at a time
    in a folder.

    No snapshot outlives its own copy. That of the keyring keeps its writers waiting, and readers behind them: so it is
    copied onto the disk that it lies on, however slow the backup's is. That of the log keeps the write-ahead log from
    being shortened."""
    layout = house.layout
    with _scratch(layout) as scratch, ExitStack() as until_logged:
        spools = scratch / "spools"
        with full_disk_told("the data folder"), ExitStack() as until_copied:
            spools.mkdir(mode=0o700)
            with held_still(layout.run / "log.lock"):
                files = _log_files(layout)
                log = until_logged.enter_context(log_snapshot(layout.events))
                keyring = until_copied.enter_context(keyring_snapshot(layout.keyring))
                uploads = until_copied.enter_context(keyring_snapshot(layout.uploads))
                for path in layout.spool.glob("*.spool"):
                    with suppress(FileNotFoundError):  # Abandoned in this instant: nobody was told of it.
                        os.link(path, spools / path.name, follow_symlinks=False)
            keyring.copy_to(scratch / layout.keyring.name)
            uploads.copy_to(scratch / layout.uploads.name)
        if files.signed_size > log.head:
            raise BackupRefused(
                f"the log ends at {log.head}, but {files.signed_size} events of it were signed: it is no history to"
                " be kept in place of earlier ones. `strongroom doctor` says the way out"
            )
        log.copy_to(log_to, show)
        until_logged.close()
        yield Moment(files, log.head, spools, scratch / layout.keyring.name, scratch / layout.uploads.name)


@contextmanager
def _scratch(layout: Layout) -> Iterator[Path]:
    """In `run/`, on the same file system; what a killed backup left there goes first."""
    folder = layout.run / SCRATCH
    _wipe(folder)
    with full_disk_told("the data folder"):
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _wipe(folder)


def _wipe(folder: Path) -> None:
    """What is deleted from the keyring later must not be found where a copy of it lay."""
    for path in folder.glob("*.db"):
        with suppress(OSError):
            overwrite(path)
    remove_tree(folder)


def _log_files(layout: Layout) -> LogFiles:
    """`checkpoint` first: what is published was signed before, so never more than `signed` says."""
    checkpoint = read_file(layout.checkpoint)
    signed = read_file(layout.signed)
    verifier = read_verifier(layout)
    size = -1
    for name, data in (("log/checkpoint", checkpoint), ("log/signed", signed)):
        if data is None:
            continue
        if verifier is None:
            raise BackupRefused(f"there is {name}, but log/key is missing: `strongroom doctor` says the way out")
        try:
            size = max(size, open_checkpoint(data, verifier)[0].size)
        except NoteInvalid as error:
            raise BackupRefused(f"{name} cannot be used ({error}): `strongroom doctor` says the way out") from None
    return LogFiles(read_file(layout.log_key), read_file(layout.signing_key), signed, checkpoint, size)
