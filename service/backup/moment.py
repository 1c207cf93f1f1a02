"""One moment of a living folder, held on to: log, keyring, uploads under way, read tables, spools of the same instant.

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

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import open_checkpoint
from eventstore.copying import Snapshot as LogSnapshot
from eventstore.copying import snapshot as log_snapshot
from eventstore.note import NoteInvalid
from projections.copying import Snapshot as TablesSnapshot
from projections.copying import snapshot as tables_snapshot
from service.backup.errors import BackupRefused
from service.house import House
from service.layout import Layout
from service.log_key import read_file, read_verifier
from vault.keyring_backup import snapshot as keyring_snapshot

LINKS: Final = "backup-spools"


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
    """`spools`: a folder with the second names. `tables`: None where there are none."""

    log_files: LogFiles
    log: LogSnapshot
    tables: TablesSnapshot | None
    spools: Path


@contextmanager
def held_moment(house: House, keyring_to: Path, uploads_to: Path) -> Iterator[Moment]:
    """The keyring and the uploads are copied to the two paths at once: their writers wait for that. BackupRefused;
    LogError, VaultError, ProjectionError, OSError: nothing of it is left. One at a time in a folder."""
    layout = house.layout
    with ExitStack() as until_end, _second_names(layout) as spools:
        with ExitStack() as until_copied:
            with _log_held(layout):
                files = _log_files(layout)
                log = until_end.enter_context(log_snapshot(layout.events))
                keyring = until_copied.enter_context(keyring_snapshot(layout.keyring))
                uploads = until_copied.enter_context(keyring_snapshot(layout.uploads))
                tables = until_end.enter_context(tables_snapshot(layout.user_data))
                for path in layout.spool.glob("*.spool"):
                    with suppress(FileNotFoundError):  # Abandoned in this instant: nobody was told of it.
                        os.link(path, spools / path.name, follow_symlinks=False)
            if files.signed_size > log.head:
                raise BackupRefused(
                    f"the log ends at {log.head}, but {files.signed_size} events of it were signed: it is no history to"
                    " be kept in place of earlier ones. `strongroom doctor` says the way out"
                )
            keyring.copy_to(keyring_to)
            uploads.copy_to(uploads_to)
        yield Moment(files, log, tables, spools)


@contextmanager
def _log_held(layout: Layout) -> Iterator[None]:
    """Nobody appends inside. Waits behind those who are about to, as they do behind each other."""
    descriptor = os.open(layout.run / "log.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _second_names(layout: Layout) -> Iterator[Path]:
    """In `run/`, on the same file system; what a killed backup left there goes first."""
    folder = layout.run / LINKS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
