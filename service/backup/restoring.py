"""Putting a backup back: into a new folder, after everything in it has been checked, all or nothing.

The bytes are gathered in a folder beside the one that is asked for, which gets its name when all of it has been found
in order. So a restore that was cut off has restored nothing, and the next one begins anew.

What must never come of it is a second history under one key: after the backup the log may have gone on, and its
checkpoints be in others' hands. So the signing key is put back only where `since`, the newest checkpoint that there is,
shows that nothing was signed after the backup. Else the folder waits for `strongroom log begin-anew`, or is begun anew
at once, and says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from eventstore.log import Log
from eventstore.note import Note, NoteInvalid, VerifierKey, parse_note
from eventstore.writer import LogWriter
from projections.errors import ProjectionStopped
from projections.runner import Projector
from service.accounts.accounts import fold_account
from service.backup.choosing import Asked, Chosen, choose, require_empty
from service.backup.continuing import damage_of
from service.backup.copying import make_folder, put_file, remove_tree, require_whole, sync_tree, take_out
from service.backup.errors import BackupBroken, BackupRefused
from service.backup.manifest import FILES, MANIFEST, Entry, read_entries
from service.backup.named import is_waiting, named_blobs, order
from service.house.house import House
from service.house.keyring_lost import lost_accounts
from service.house.log_key import open_signer
from service.machine import locks
from service.machine.ids import now_us
from service.machine.layout import Layout, replace_file, sync_folder
from service.machine.progress import MibShown
from service.management.erasing import request_erasure
from service.signing.begin_anew import begin_anew
from service.signing.continuity import read_signed, rows_root
from service.upkeep.projecting import catch_up
from service.upkeep.revived import pages, told_of
from vault.keyring_backup import Gone, KeyringCopy

BESIDE: Final = ".restoring"
MARK: Final = ".strongroom-restores"
Show = Callable[[int, int], object]


class Restored(msgspec.Struct, kw_only=True):
    """What was put back. `lost`: positions that `since` shows and the backup has not; None where nobody can tell.
    `signs`: the log goes on under its key. `anew`: the key of the history that was begun instead. `ways_in`: sessions
    and tokens that were dropped; `gone`: what a newer copy of the keyring said is destroyed."""

    name: str
    keyring: str
    positions: int
    signed: int
    blobs: int = 0
    spools: int = 0
    signs: bool = False
    anew: str = ""
    lost: int | None = None
    faults: list[str] = []
    ways_in: int = 0
    gone: Gone = Gone()


def restore(asked: Asked, show: Show) -> Restored:
    """BackupRefused, BackupBroken, LogRefused, VaultError, LogError, OSError: the folder is not there then."""
    target = Path(asked.settings.data).absolute()
    with _reading(asked.folder), _reading(asked.keyrings):
        chosen = choose(asked)
        require_empty(target, chosen.data)
        return _restore(asked, chosen, target, show)


def _restore(asked: Asked, chosen: Chosen, target: Path, show: Show) -> Restored:
    with _beside(target) as beside:
        done = _Restoring(asked, chosen, beside, show).restore()
        sync_tree(beside)
        beside.rename(target)  # Over an empty folder, or to where there is none; never over anything.
        with suppress(OSError):
            (target / MARK).unlink()  # After it: cut off in between, a folder without one would be in the next's way.
        sync_folder(target)
        sync_folder(target.parent)
        return done


class _Restoring:
    def __init__(self, asked: Asked, chosen: Chosen, beside: Path, show: Show) -> None:
        self._asked = asked
        self._generation = chosen.generation
        self._data = chosen.data
        self._keys_folder = chosen.keys_folder
        self._keys = chosen.keys
        self._newer = chosen.newer
        self._layout = Layout(beside)
        self._shown = MibShown(show)
        self._broken: list[BackupBroken] = []
        self._settings = msgspec.structs.replace(asked.settings, data=str(beside))
        self._said = Restored(
            name=self._data.name, keyring=self._keys.name, positions=self._data.log_size, signed=self._data.signed
        )

    def restore(self) -> Restored:
        self._put_files()
        if self._asked.server_key is not None:
            put_file(self._layout.server_key, self._asked.server_key, "server.key")
        if (damage := damage_of(self._layout.data, self._data.signed)) is not None:
            raise BackupRefused(f"the log of this backup is not what was signed ({damage}): take another one")
        with KeyringCopy.of(self._layout.keyring) as keys, closing(Log(self._layout.events)) as log:
            keys.require_sound()
            if log.head() != self._data.log_size:
                raise BackupBroken("events.db", f"ends at {log.head()}, not at {self._data.log_size}")
            self._forget(keys)
            self._put_bytes(keys, log)
            self._tell_what_is_gone(keys, log)
        with closing(House(self._settings)) as house:  # WrongServerKey.
            self._go_on_signing(house)
            if self._asked.begin_anew:
                self._said.anew = str(begin_anew(house)[0])
                self._said.signs = True
            self._read_anew(house)
        shutil.rmtree(self._layout.run)
        return self._said

    # -- putting -------------------------------------------------------------------------------------------------

    def _put_files(self) -> None:
        for entry in self._data.files:
            take_out(self._generation, entry, self._layout.data / entry.path)
        for entry in self._keys.files:
            target = self._layout.signing_key if entry.path == "signing-key" else self._layout.data / entry.path
            take_out(self._keys_folder, entry, target)
        # Vouched for by the manifest, as it was read from there.
        self._listed = self._layout.data / FILES
        self._shown.total_bytes = sum(entry.size_bytes for entry in read_entries(self._listed))

    def _forget(self, keys: KeyringCopy) -> None:
        """Nobody gets in by what was closed since, and nobody comes back who was erased."""
        if self._asked.as_it_was:
            return
        self._said.ways_in = keys.drop_ways_in()
        if self._newer is not None:
            folder, manifest = self._newer
            listed = next((entry for entry in manifest.files if entry.path == "keyring.db"), None)
            if listed is None:
                raise BackupBroken(f"{folder.name}/{MANIFEST}", "names no keyring.db")
            require_whole(folder, listed)
            with KeyringCopy.beside(folder / listed.path) as newer:
                self._said.gone = keys.forget_gone(newer)

    def _put_bytes(self, keys: KeyringCopy, log: Log) -> None:
        """Spools, and those blobs that log and keyring name: all of them have to be there, unless that is overruled."""
        entries = _Entries(self._listed)
        for entry in entries.spools():
            self._said.spools += self._put(entry)
        for named in named_blobs(keys, log, self._data.log_size):
            for rendition, path in named.paths:
                entry_or_none = entries.find(path)
                if entry_or_none is None:
                    self._broken.append(BackupBroken(path, "is missing, and the log says that it was stored"))
                elif entry_or_none.fault:
                    self._said.faults.append(f"{path} {entry_or_none.fault}")
                elif not rendition and not named.is_original(entry_or_none.sha256):
                    self._broken.append(BackupBroken(path, "is not what the log says was stored"))
                else:
                    self._said.blobs += self._put(entry_or_none)
        self._listed.unlink()
        self._require_whole()
        for file_id, _ in keys.spooled_files():
            if is_waiting(log, file_id) and not self._layout.spool_file(file_id).exists():
                self._said.faults.append(f"spool/{file_id}.spool is not there: that upload is lost")

    def _put(self, entry: Entry) -> bool:
        """All are tried, so that all that are damaged are told at once."""
        try:
            take_out(self._generation, entry, self._layout.data / entry.path, self._shown.advance)
        except BackupBroken as broken:
            self._broken.append(broken)
            return False
        return True

    def _require_whole(self) -> None:
        if self._broken and not self._asked.without_damaged:
            first = self._broken[0]
            more = f", and {len(self._broken) - 1} more" if len(self._broken) > 1 else ""
            raise BackupBroken(
                first.name, f"{first.why}{more}. --without-damaged puts back all else, the log and the keys among it"
            )
        self._said.faults += [f"{broken.name} {broken.why}" for broken in self._broken]

    def _tell_what_is_gone(self, keys: KeyringCopy, log: Log) -> None:
        """The keyring is as new as the log or newer: what only the log has was destroyed since. Who was erased is so in
        this history, too, and finished by its first sweeps; a passkey that was removed counts as that. Else the start
        would take this keyring for an older one."""
        self._layout.create()
        with closing(LogWriter(self._layout.events, self._layout.run / "log.lock", now_us)) as writer:
            for user in lost_accounts(keys, log):
                request_erasure(writer, log, user)
        for users in pages(keys.account_ids):
            for user in users:
                records = log.read_stream(f"account-{user}")
                if fold_account(records).passkeys:
                    keys.take_as_removed(user, told_of(records))

    # -- the history ---------------------------------------------------------------------------------------------

    def _go_on_signing(self, house: House) -> None:
        """The log's own key stays only where `since` shows that it has signed nothing that is not here."""
        if self._data.signed < 0:  # Empty, or begun anew.
            self._said.signs = True
            if self._asked.since is not None:  # Of a key that this backup does not know: its own word for it.
                self._said.lost = max(0, _size_in(self._asked.since) - self._data.log_size)
            return
        # Sealed under the server key, it vouches for `log/key`, and that for the history: nobody else wrote this.
        verifier = open_signer(self._layout, house.server).verifier
        if self._asked.since is None:
            self._layout.signing_key.unlink()
            return
        newest, note = _open_since(self._asked.since, verifier)
        if newest.size < self._data.signed:
            raise BackupRefused(
                f"the checkpoint given with --since is of {newest.size} events, and the backup itself has one of"
                f" {self._data.signed}: it is not the newest that there is"
            )
        self._said.lost = max(0, newest.size - self._data.log_size)
        if self._asked.begin_anew:
            return
        if self._said.lost:
            raise BackupRefused(
                f"this backup ends at {self._data.log_size}, and {newest.size} events were signed: {self._said.lost}"
                " positions are lost. Take a newer backup; if there is none, --begin-anew puts back what is left, as a"
                " log of its own"
            )
        if rows_root(house.log, newest.size) != newest.root:
            raise BackupRefused(
                "this backup and the checkpoint are of two histories under one key: keep both, they are evidence;"
                " --begin-anew puts this one back as a log of its own"
            )
        if read_signed(self._layout, verifier)[0].size < newest.size:
            replace_file(self._layout.signed, note.encode())
        self._said.signs = True

    def _read_anew(self, house: House) -> None:
        """The read tables, from the log: none lie in a backup. Where they stop is for who starts it to tell."""
        with Projector(self._layout.user_data) as projector, suppress(ProjectionStopped):
            catch_up(house.log, projector)


class _Entries:
    """The lines of `files.ndjson`, walked once: spools first, then blobs in order of their ids."""

    def __init__(self, path: Path) -> None:
        self._entries = read_entries(path)
        self._next = next(self._entries, None)

    def spools(self) -> Iterator[Entry]:
        while self._next is not None and self._next.path.startswith("spool/"):
            yield self._next
            self._next = next(self._entries, None)

    def find(self, path: str) -> Entry | None:
        while self._next is not None and order(self._next.path) < order(path):
            self._next = next(self._entries, None)
        return self._next if self._next is not None and self._next.path == path else None


def _size_in(data: bytes) -> int:
    try:
        return parse_checkpoint(parse_note(data).text).size
    except NoteInvalid as error:
        raise BackupRefused(f"what is given with --since is no checkpoint ({error})") from None


def _open_since(data: bytes, verifier: VerifierKey) -> tuple[Checkpoint, Note]:
    try:
        return open_checkpoint(data, verifier)
    except NoteInvalid as error:
        try:
            origin = parse_checkpoint(parse_note(data).text).origin
        except NoteInvalid:
            origin = ""
        other = f": it is of {origin}, not of {verifier.name}" if origin and origin != verifier.name else f" ({error})"
        raise BackupRefused(f"the checkpoint given with --since is none of this log's key{other}") from None


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Nobody removes a generation meanwhile. A folder that cannot be written has nobody who would."""
    try:
        lock = locks.share(folder / ".lock")
    except OSError:
        yield
        return
    with lock:
        yield


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new folder on the same file system; one that a killed restore left goes first, and nothing else ever does."""
    beside = target.with_name(f"{target.name}{BESIDE}")
    if beside.is_dir() and not beside.is_symlink() and (beside / MARK).exists():
        remove_tree(beside)
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        beside.rmdir()  # Empty: of one that was killed before its mark was in it.
    try:
        make_folder(beside)
    except FileExistsError:
        raise BackupRefused(f"{beside} is in the way: remove it") from None
    try:
        (beside / MARK).touch(mode=0o600)
        yield beside
    except BaseException:
        remove_tree(beside)
        raise
