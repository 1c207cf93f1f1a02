"""Taking a backup, while everything goes on: one moment of the folder, then the bytes that it names.

    1. the moment is held (service/backup/moment.py): keyring and uploads copied, log and tables fixed, spools linked
    2. log, tables, spools and blobs are copied; a blob that the generation before has gets a second name there
    3. what was forgotten meanwhile is taken out of the copied keyring
    4. manifests are written, everything is fsynced, then the keyring's folder gets its name, then the generation's

Cut off anywhere, there are folders ending in `.part`, which the next backup removes: nothing half is taken for whole.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from time import gmtime, strftime
from typing import Final

import msgspec

from eventstore.errors import LogFull
from projections.errors import ProjectionFull
from service import locks
from service.backup import last, retention
from service.backup.copying import copy_file, hash_file, link_file, make_folder, put_file, remove_tree, sync_tree
from service.backup.errors import BackupRefused
from service.backup.manifest import (
    FILES,
    MANIFEST,
    PART,
    Entry,
    Manifest,
    complete,
    encode,
    is_name,
    read_entries,
    read_manifest,
)
from service.backup.moment import Moment, held_moment
from service.backup.named import NamedBlob, named_blobs, order
from service.continuity import require_history
from service.house import House
from service.layout import sync_folder
from service.leftovers import original_bytes
from vault.errors import KeyringFull
from vault.keyring_backup import KeyringCopy

MIB: Final = 1 << 20
MAX_FAULTS: Final = 100
Show = Callable[[int, int], object]


class Taken(msgspec.Struct, kw_only=True):
    """What a backup has come to. `new_files` of its files were copied, the others are the generation's before.
    `faults`: what the folder itself lacks, at most MAX_FAULTS of them."""

    name: str
    folder: Path
    keyring: Path
    log_size: int = 0
    signed: int = -1
    files: int = 0
    new_files: int = 0
    new_bytes: int = 0
    spools: int = 0
    forgotten: int = 0
    removed_keyrings: tuple[str, ...] = ()
    removed_generations: tuple[str, ...] = ()
    faults: list[str] = []


def take(
    house: House, target: Path, keys_target: Path, show: Show, keep_keyrings: int | None = None, keep: int | None = None
) -> Taken:
    """`keep_keyrings` and `keep`: how many copies of the keyring and how many generations stay; None: copies within the
    backup horizon, and all generations. BackupRefused, LogRefused, LogError, VaultError, ProjectionError, OSError."""
    require_history(house.layout, house.settings)  # What is damaged must not push sound generations out.
    _require_outside(house, target, keys_target)
    with _one_at_a_time(house, target, keys_target), _full_disk_told():
        name = _free_name(house, target, keys_target)
        taken = Taken(name=name, folder=target / name, keyring=keys_target / name)
        part, keys_part = target / f"{name}{PART}", keys_target / f"{name}{PART}"
        try:
            make_folder(part)
            make_folder(keys_part)
            _Taking(house, part, keys_part, _previous(target), taken, show).take()
            # The keyring first: a generation without one cannot be put back.
            for half, whole in ((keys_part, taken.keyring), (part, taken.folder)):
                sync_tree(half)
                half.rename(whole)
                sync_folder(whole.parent)
        except BaseException:
            remove_tree(part)
            remove_tree(keys_part)
            raise
        horizon_us = house.settings.backup_horizon_days * 86_400_000_000
        taken.removed_keyrings = retention.prune_keyrings(keys_target, house.clock_us() - horizon_us, keep_keyrings)
        taken.removed_generations = retention.prune_generations(target, keep)
        last.tell(house.layout, last.LastBackup(name, house.clock_us(), taken.log_size, str(target), len(taken.faults)))
        return taken


class _Taking:
    def __init__(
        self, house: House, part: Path, keys_part: Path, previous: Path | None, taken: Taken, show: Show
    ) -> None:
        self._house = house
        self._part = part
        self._keys_part = keys_part
        self._previous = previous
        self._taken = taken
        self._show = show
        self._done_bytes = 0
        self._total_bytes = house.layout.events.stat().st_size + original_bytes(house)

    def take(self) -> None:
        keyring, uploads = self._keys_part / "keyring.db", self._keys_part / "uploads.db"
        with held_moment(self._house, keyring, uploads) as moment:
            self._taken.log_size, self._taken.signed = moment.log.head, moment.log_files.signed_size
            files = list(self._log(moment))
            with (self._part / FILES).open("xb") as listed, KeyringCopy(keyring) as keys:
                keys.require_sound()
                for entry in chain(self._spools(moment), self._blobs(keys, moment.log.head)):
                    listed.write(msgspec.json.encode(entry) + b"\n")
                generation = keys.generation
            files.append(hash_file(self._part / FILES, FILES))
        kept = [hash_file(path, path.name) for path in (keyring, uploads)]
        if moment.log_files.signing_key is not None:
            kept.append(put_file(self._keys_part / "signing-key", moment.log_files.signing_key, "signing-key"))
        for folder, kind, of in ((self._part, "data", files), (self._keys_part, "keys", kept)):
            manifest = Manifest(
                kind="data" if kind == "data" else "keys",
                name=self._taken.name,
                taken_at_us=self._house.clock_us(),
                version=version("strongroom"),
                log_size=self._taken.log_size,
                signed=self._taken.signed,
                keyring_generation=generation,
                files=tuple(of),
            )
            put_file(folder / MANIFEST, encode(manifest), MANIFEST)

    # -- the log and what belongs to it --------------------------------------------------------------------------

    def _log(self, moment: Moment) -> Iterator[Entry]:
        log_bytes = self._house.layout.events.stat().st_size

        def pages(done: int, total: int) -> None:
            self._show(log_bytes * done // max(total, 1) // MIB, self._total_bytes // MIB)

        moment.log.copy_to(self._part / "events.db", pages)
        yield hash_file(self._part / "events.db", "events.db")
        self._advance((self._part / "events.db").stat().st_size)
        if moment.tables is not None:
            name = self._house.layout.user_data.name
            moment.tables.copy_to(self._part / name)
            yield hash_file(self._part / name, name)
        make_folder(self._part / "log")
        files = moment.log_files
        for name, data in (("key", files.key), ("signed", files.signed), ("checkpoint", files.checkpoint)):
            if data is not None:
                yield put_file(self._part / "log" / name, data, f"log/{name}")
        yield from self._retired()

    def _retired(self) -> Iterator[Entry]:
        """Logs before this one: what their keys signed is kept nowhere else. Nothing there changes any more. The secret
        halves sign nothing more either, and stay away."""
        earlier = {} if self._previous is None else {e.path: e for e in read_manifest(self._previous, "data").files}
        log = self._house.layout.log
        for retired in sorted(log.glob("retired-*")):
            for path in sorted(path for path in retired.rglob("*") if path.is_file() and not path.is_symlink()):
                name = str(path.relative_to(log.parent))
                if path.name != "signing-key":
                    yield self._keep(path, name, earlier.get(name))

    # -- spools and blobs ----------------------------------------------------------------------------------------

    def _spools(self, moment: Moment) -> Iterator[Entry]:
        make_folder(self._part / "spool")
        for path in sorted(moment.spools.iterdir()):
            yield copy_file(path, self._part / "spool" / path.name, f"spool/{path.name}")
            self._taken.spools += 1

    def _blobs(self, keys: KeyringCopy, head: int) -> Iterator[Entry]:
        make_folder(self._part / "blobs")
        earlier = _Earlier(self._previous)
        forgotten: list[str] = []
        with closing(self._house.open_log()) as log:
            for named in named_blobs(keys, log, head):
                for rendition, path in named.paths:
                    entry = self._blob(named, rendition, path, earlier.find(path))
                    if entry is None:
                        forgotten += [row.file_id for row in named.rows]
                        break
                    yield entry
        keys.forget_files(forgotten)
        self._taken.forgotten = len(forgotten)

    def _blob(self, named: NamedBlob, rendition: str, path: str, earlier: Entry | None) -> Entry | None:
        """None: it was forgotten meanwhile."""
        try:
            entry = self._keep(self._house.layout.data / path, path, earlier)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            if all(self._house.keyring.blob_key(row.file_id, row.user_id) is None for row in named.rows):
                return None
            gone = error.errno == errno.ENOENT
            return self._fault(path, "is not there" if gone else f"cannot be read: {error.strerror}")
        if not rendition and not named.is_original(entry.sha256):
            (self._part / path).unlink()
            return self._fault(path, "is not what was stored: it hashes to something else")
        return entry

    def _keep(self, source: Path, path: str, earlier: Entry | None) -> Entry:
        """The generation's before, if that has it; else the living one."""
        target = self._part / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._taken.files += 1
        before = self._previous
        if earlier is not None and before is not None and link_file(before / path, target, earlier.size_bytes):
            self._advance(earlier.size_bytes)
            return earlier
        try:
            entry = copy_file(source, target, path, self._advance)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        self._taken.new_files += 1
        self._taken.new_bytes += entry.size_bytes
        return entry

    def _fault(self, path: str, why: str) -> Entry:
        if len(self._taken.faults) < MAX_FAULTS:
            self._taken.faults.append(f"{path} {why}")
        return Entry(path, 0, "", why)

    def _advance(self, count_bytes: int) -> None:
        self._done_bytes += count_bytes
        self._show(self._done_bytes // MIB, max(self._done_bytes, self._total_bytes) // MIB)


class _Earlier:
    """The blobs of the generation before, walked in step with those of this one: both are in order of their ids."""

    def __init__(self, previous: Path | None) -> None:
        entries = iter(()) if previous is None else read_entries(previous / FILES)
        self._entries = (entry for entry in entries if entry.path.startswith("blobs/"))
        self._next = next(self._entries, None)

    def find(self, path: str) -> Entry | None:
        """None when it is not there, or was not sound there. Paths are asked for in order."""
        while self._next is not None and order(self._next.path) < order(path):
            self._next = next(self._entries, None)
        found = self._next
        return found if found is not None and found.path == path and not found.fault else None


def _previous(target: Path) -> Path | None:
    """The newest generation that can be built upon; one that says nothing sound of itself is passed over."""
    for folder in reversed(complete(target)):
        with suppress(BackupRefused):
            manifest = read_manifest(folder, "data")
            listed = next((entry for entry in manifest.files if entry.path == FILES), None)
            if listed is not None and hash_file(folder / FILES, FILES) == listed:
                return folder
    return None


def _require_outside(house: House, *targets: Path) -> None:
    data = house.layout.data.resolve()
    for target in targets:
        place = target.resolve()
        if place == data or data in place.parents or place in data.parents:
            raise BackupRefused(f"{target} and the data folder lie in each other: a backup belongs elsewhere")


@contextmanager
def _one_at_a_time(house: House, target: Path, keys_target: Path) -> Iterator[None]:
    for folder in (target, keys_target):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (house.layout.run / "backup.lock", target / ".lock"):
        if not path.is_symlink():
            continue
        raise BackupRefused(f"{path} is a link")
    here = locks.take(house.layout.run / "backup.lock")
    there = None if here is None else locks.take(target / ".lock")
    try:
        if here is None or there is None:
            raise BackupRefused("another backup is being taken or put back: wait for its end")
        for folder in (target, keys_target):
            for left in folder.glob(f"*{PART}"):
                if is_name(left.name.removesuffix(PART)):
                    remove_tree(left)
        yield
    finally:
        for lock in (there, here):
            if lock is not None:
                lock.release()


@contextmanager
def _full_disk_told() -> Iterator[None]:
    """A full disk by that name, whichever room met it."""
    full = "the disk of the backup is full: nothing of this one was kept, earlier ones are as they were"
    try:
        yield
    except (LogFull, KeyringFull, ProjectionFull) as error:
        raise BackupRefused(f"{full} ({error})") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackupRefused(full) from error
        raise


def _free_name(house: House, *folders: Path) -> str:
    """By the clock, and later than all that are there: the order of names is the order of backups."""
    name = strftime("%Y-%m-%dT%H-%M-%SZ", gmtime(house.clock_us() / 1e6))
    newest = max((each.name for folder in folders for each in complete(folder)), default="")
    number = 2
    free = name
    while any(os.path.lexists(folder / free) for folder in folders):
        free = f"{name}-{number}"
        number += 1
    if free <= newest:
        raise BackupRefused(f"there is a backup of {newest}, and by this machine's clock it is {free}: set it right")
    return free
