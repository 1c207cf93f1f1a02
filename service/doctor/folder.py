"""The folder as the file system shows it: modes, keys, room, bytes that should be there, backups."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path
from typing import Final

from eventstore.log import Log
from service.backup.last import last_backup
from service.backup.manifest import complete
from service.backup.retention import taken_us
from service.doctor.finding import RESTORE, Hint, Unwell
from service.house.server_key import find_server_key, is_half_replaced, require_fitting
from service.machine.config import Settings
from service.machine.given_key import given_server_key, is_given
from service.machine.ids import now_us
from service.machine.layout import SERVER_KEY_BYTES, Layout
from service.machine.units import DAY_US
from vault.keyring_backup import KeyringCopy
from vault.pending import PendingUploads

MOST_BLOBS: Final = 20_000
MOST_SPOOLS: Final = 20_000
ORPHAN_S: Final = 86_400
BACKUP_DAYS: Final = 7
CLOCK_S: Final = 60
LEAST_BYTES: Final = 16 << 20  # log, keyring and read model grow, and are shortened, whatever the reserve


def require(path: Path) -> None:
    if not path.exists():
        raise Unwell(f"{path.name} is missing", RESTORE)


def folder(layout: Layout) -> str:
    if not layout.data.is_dir():
        raise Unwell(f"there is no folder {layout.data}", "name it with --data, or start Strongroom: it makes one")
    for each in (layout.data, layout.spool, layout.blobs, layout.run):
        found = each.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise Unwell(f"{each} is open to other users", f"chmod 700 {each}")
        if not os.access(each, os.W_OK | os.X_OK):
            raise Unwell(f"{each} cannot be written", "start Strongroom as the user whose folder it is, or chown it")
    return str(layout.data)


def server_key(layout: Layout, settings: Settings) -> str | Hint:
    path = layout.server_key
    if not is_given(settings):
        if not path.exists() and not layout.new_server_key.exists():
            way = "put it back from the copy that you keep elsewhere, or set STRONGROOM_SERVER_KEY_FILE"
            raise Unwell(f"{path} is missing", way)
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unwell(f"{path} is open to other users", f"chmod 600 {path}, and think of replacing it")
        if path.exists() and path.stat().st_size != SERVER_KEY_BYTES and not layout.new_server_key.exists():
            raise Unwell(f"{path} has {path.stat().st_size} bytes, not {SERVER_KEY_BYTES}", "put the right one back")
    server = find_server_key(layout, given_server_key(settings))
    require_fitting(layout, server)
    left = [path.name for path in (layout.new_server_key, layout.new_signing_key) if path.exists()]
    if left and not is_half_replaced(layout, server):
        way = f"while nothing runs, remove {' and log/'.join(left)}, or replace the key again"
        return Hint("another key was drawn, and never came to be used", way)
    return "in the environment" if settings.server_key is not None else settings.server_key_file or str(path)


def disk(layout: Layout, settings: Settings) -> str:
    found = os.statvfs(layout.data)
    free = found.f_bavail * found.f_frsize
    if free < LEAST_BYTES:
        raise Unwell(f"{free >> 10} KiB free: hardly anything can be written", "make room on that disk")
    if free < settings.reserve_bytes:
        raise Unwell(f"{free >> 20} MiB free, less than the reserve: uploads are refused", "make room on that disk")
    return f"{free >> 20} MiB free"


def clock(layout: Layout) -> str:
    require(layout.events)
    with closing(Log(layout.events)) as log:
        newest = log.read_envelopes(max(0, log.head() - 1), 1)
    ahead_s = (newest[0].at_us - now_us()) / 1e6 if newest else 0
    if ahead_s > CLOCK_S:
        way = "set this machine's clock right; until then events get the time of the newest one"
        raise Unwell(f"the newest event is {ahead_s:.0f} s in the future: the clock was set back", way)
    return "not before the newest event"


def blobs(layout: Layout) -> str:
    """Whether each blob that the keyring names is there; what it holds is for `blobs check`, which takes its time."""
    require(layout.keyring)
    looked = missing = 0
    with KeyringCopy.beside(layout.keyring) as keys:
        for row in keys.blob_rows():
            if looked >= MOST_BLOBS:
                break
            looked += 1
            missing += not layout.blob_file(row.blob_id).exists() and keys.has_blob_key(row.file_id)
    if missing:
        way = "`strongroom blobs check` names them; put them back from a backup's blobs/"
        raise Unwell(f"{missing} of {looked} stored files have no bytes", way)
    return f"{looked} stored files have theirs" + (", the others were not looked at" if looked == MOST_BLOBS else "")


def spools(layout: Layout) -> str:
    """Uploads that wait, and what nobody can open any more."""
    require(layout.keyring)
    waiting = orphans = 0
    before_s = now_us() / 1e6 - ORPHAN_S
    require(layout.uploads)
    with (
        KeyringCopy.beside(layout.keyring) as keys,
        closing(PendingUploads(layout.uploads, layout.run / "uploads.lock")) as pending,
        os.scandir(layout.spool) as entries,
    ):
        for count, entry in enumerate(entries):
            if count >= MOST_SPOOLS:
                break
            file_id = entry.name.removesuffix(".spool")
            if keys.has_spool_key(file_id) or pending.has(file_id):
                waiting += 1
            else:
                orphans += _is_older(entry, before_s)
    if orphans:
        way = "a running worker sweeps them; or `strongroom blobs check --sweep`"
        raise Unwell(f"{orphans} spools that nobody can open have been there for a day or more", way)
    return f"{waiting} uploads wait there"


def backups(layout: Layout, settings: Settings) -> str | Hint:
    last = last_backup(layout)
    if last is None:
        return Hint("none was taken from here by this program", "`strongroom backup DIR`, regularly")
    days = (now_us() - last.finished_at_us) // DAY_US
    said = f"{last.name} in {last.folder}, {days} days ago, up to position {last.log_size}"
    if last.faults:
        way = "`strongroom blobs check` says what is wrong; an earlier backup may have it"
        raise Unwell(f"{said}; {last.faults} files were missing or damaged", way)
    oldest = next(iter(complete(Path(last.keyrings))), None) if last.keyrings else None
    if (
        oldest is not None
        and (kept_days := (now_us() - taken_us(oldest.name)) // DAY_US) > settings.backup_horizon_days
    ):
        way = f"`strongroom backup {last.folder} --keyring {last.keyrings}`, which removes it; or remove it by hand"
        horizon = f"longer than the {settings.backup_horizon_days} that receipts promise"
        raise Unwell(f"the copy of the keyring {oldest} is {kept_days} days old, {horizon}", way)
    if days > BACKUP_DAYS:
        raise Unwell(said, f"`strongroom backup {last.folder}`")
    return said


def _is_older(entry: os.DirEntry[str], before_s: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < before_s
    except FileNotFoundError:
        return False
