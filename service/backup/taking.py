"""Taking a backup, while everything goes on: one moment of the folder, then the bytes that it names.

    1. the moment is held (service/backup/moment.py): log, keyring and uploads copied, spools linked
    2. the copied log is verified, and held against the backups before (service/backup/continuing.py)
    3. spools and blobs are copied; a blob that the generation before has gets a second name there, once it has been
       found to be whole still
    4. what was forgotten meanwhile is taken out of the copied keyring
    5. manifests are written, everything is fsynced, then the keyring's folder gets its name, then the generation's
    6. what is too old or too many goes

Cut off anywhere, there are folders ending in `.part`, which the next backup removes: nothing half is taken for whole.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from service.backup import last, retention
from service.backup.continuing import damage_of, require_continuation
from service.backup.copying import (
    copy_file,
    hash_file,
    link_file,
    make_folder,
    put_file,
    remove_tree,
    require_whole,
    sync_tree,
)
from service.backup.errors import BackupBroken, BackupRefused
from service.backup.manifest import (
    FILES,
    MANIFEST,
    PART,
    Entry,
    Kind,
    Manifest,
    complete,
    encode,
    read_entries,
    read_manifest,
    read_vouched,
)
from service.backup.moment import Moment, held_moment
from service.backup.named import NamedBlob, named_blobs, order
from service.backup.place import free_name, full_disk_told, one_at_a_time, require_outside
from service.house.house import House
from service.machine.layout import sync_folder
from service.machine.progress import MibShown
from service.machine.units import DAY_US
from service.signing.continuity import require_history, rows_root
from service.upkeep.leftovers import original_bytes
from vault.kdf import ServerKey
from vault.keyring_backup import KeyringCopy

MAX_FAULTS: Final = 100
Show = Callable[[int, int], object]


class Taken(msgspec.Struct, kw_only=True):
    """What a backup has come to. `new_files` of its files were copied, the others are the generation's before.
    `faults`: what the folder itself lacks; `spoilt`: what the generation before has no longer as it was written; at
    most MAX_FAULTS of each."""

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
    spoilt: list[str] = []


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """`keep_keyrings` and `keep`: how many copies of the keyring and how many generations stay; None: copies within the
    backup horizon, and all generations. `other_log`: this log takes the place of another one's backups. `quick`: files
    of the generation before count as whole by their size, and are not read."""

    keep_keyrings: int | None = None
    keep: int | None = None
    other_log: bool = False
    quick: bool = False


def take(house: House, target: Path, keys_target: Path, show: Show, ways: Ways) -> Taken:
    """BackupRefused, LogRefused, LogError, VaultError, OSError: nothing was kept or removed."""
    require_history(house.layout, house.settings)
    require_outside(house, target, keys_target)
    with one_at_a_time(house, target, keys_target), full_disk_told("the backup"):
        name = free_name(house, target, keys_target)
        taken = Taken(name=name, folder=target / name, keyring=keys_target / name)
        part, keys_part = target / f"{name}{PART}", keys_target / f"{name}{PART}"
        try:
            make_folder(part)
            make_folder(keys_part)
            previous = _previous(target, house.server)
            _Taking(house, part, keys_part, previous, taken, ways, show).take(target, keys_target)
            # The keyring first: a generation without one cannot be put back.
            for half, whole in ((keys_part, taken.keyring), (part, taken.folder)):
                sync_tree(half)
                half.rename(whole)
                sync_folder(whole.parent)
        except BaseException:
            remove_tree(part)
            remove_tree(keys_part)
            raise
        horizon_us = house.settings.backup_horizon_days * DAY_US
        before_us = house.clock_us() - horizon_us
        taken.removed_keyrings = retention.prune_keyrings(keys_target, before_us, ways.keep_keyrings)
        taken.removed_generations = retention.prune_generations(target, ways.keep)
        now_us, faults = house.clock_us(), len(taken.faults)
        told = last.LastBackup(name, now_us, taken.log_size, str(target.resolve()), faults, str(keys_target.resolve()))
        last.tell(house.layout, told)
        return taken


class _Taking:
    def __init__(
        self, house: House, part: Path, keys_part: Path, previous: Path | None, taken: Taken, ways: Ways, show: Show
    ) -> None:
        self._house = house
        self._part = part
        self._keys_part = keys_part
        self._previous = previous
        self._taken = taken
        self._ways = ways
        self._shown = MibShown(show, house.layout.events.stat().st_size + original_bytes(house))

    def take(self, target: Path, keys_target: Path) -> None:
        keyring, uploads = self._keys_part / "keyring.db", self._keys_part / "uploads.db"
        with held_moment(self._house, self._part / "events.db", self._pages) as moment:
            self._taken.log_size, self._taken.signed = moment.head, moment.log_files.signed_size
            copy_file(moment.keyring, keyring, keyring.name)
            kept = [copy_file(moment.uploads, uploads, uploads.name)]
            files = list(self._log(moment))
            first, root = self._require_worth(target, keys_target)
            with (self._part / FILES).open("xb") as listed, KeyringCopy.of(keyring) as keys:
                keys.require_sound()
                for entry in chain(self._spools(moment), self._blobs(keys, moment.head)):
                    listed.write(msgspec.json.encode(entry) + b"\n")
                generation = keys.generation
            files.append(hash_file(self._part / FILES, FILES))
        kept.append(hash_file(keyring, keyring.name))
        if moment.log_files.signing_key is not None:
            kept.append(put_file(self._keys_part / "signing-key", moment.log_files.signing_key, "signing-key"))
        halves: tuple[tuple[Path, Kind, list[Entry]], ...] = (
            (self._part, "data", files),
            (self._keys_part, "keys", kept),
        )
        for folder, kind, of in halves:
            manifest = Manifest(
                kind=kind,
                name=self._taken.name,
                taken_at_us=self._house.clock_us(),
                version=version("strongroom"),
                log_size=self._taken.log_size,
                log_first=first,
                log_root=root,
                signed=self._taken.signed,
                keyring_generation=generation,
                files=tuple(of),
            )
            put_file(folder / MANIFEST, encode(manifest, self._house.server), MANIFEST)

    # -- the log and what belongs to it --------------------------------------------------------------------------

    def _require_worth(self, target: Path, keys_target: Path) -> tuple[str, str]:
        """The tree's roots over the first position and over all, in hex. BackupRefused."""
        if (damage := damage_of(self._part, self._taken.signed)) is not None:
            raise BackupRefused(
                f"the log of this folder is damaged ({damage}): nothing was kept or removed. `strongroom log verify`"
                " and docs/operating.md, A damaged log, say more"
            )
        with closing(self._house.open_log()) as log:
            if not self._ways.other_log:
                require_continuation(log, self._taken.log_size, target, "data")
                require_continuation(log, self._taken.log_size, keys_target, "keys")
            return rows_root(log, min(1, self._taken.log_size)).hex(), rows_root(log, self._taken.log_size).hex()

    def _pages(self, done: int, total: int) -> None:
        log_bytes = self._house.layout.events.stat().st_size
        self._shown.show(log_bytes * done // max(total, 1))

    def _log(self, moment: Moment) -> Iterator[Entry]:
        yield hash_file(self._part / "events.db", "events.db")
        self._shown.advance((self._part / "events.db").stat().st_size)
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
        if earlier is not None and self._link(path, target, earlier):
            self._shown.advance(earlier.size_bytes)
            return earlier
        try:
            entry = copy_file(source, target, path, self._shown.advance)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        self._taken.new_files += 1
        self._taken.new_bytes += entry.size_bytes
        return entry

    def _link(self, path: str, target: Path, earlier: Entry) -> bool:
        """All generations have one file: what rots in it would rot in all of them, and nobody would look before it is
        needed. So it is read, and the living one is copied anew where it is no longer what it was."""
        before = self._previous
        if before is None or not link_file(before / path, target, earlier.size_bytes):
            return False
        if self._ways.quick:
            return True
        try:
            require_whole(self._part, earlier)
        except BackupBroken as broken:
            target.unlink()
            if len(self._taken.spoilt) < MAX_FAULTS:
                self._taken.spoilt.append(f"{before / path} {broken.why}")
            return False
        return True

    def _fault(self, path: str, why: str) -> Entry:
        if len(self._taken.faults) < MAX_FAULTS:
            self._taken.faults.append(f"{path} {why}")
        return Entry(path, 0, "", why)


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


def _previous(target: Path, server: ServerKey) -> Path | None:
    """The newest generation that can be built upon; one that says nothing sound of itself, or that this server key does
    not vouch for, is passed over."""
    for folder in reversed(complete(target)):
        with suppress(BackupRefused, OSError):
            manifest = read_vouched(folder, "data", server)
            listed = next((entry for entry in manifest.files if entry.path == FILES), None)
            if listed is not None and hash_file(folder / FILES, FILES) == listed:
                return folder
    return None
