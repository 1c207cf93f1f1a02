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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from eventstore.errors import LogError
from eventstore.log import Log
from eventstore.note import Note, NoteInvalid, VerifierKey, parse_note
from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from service import locks
from service.backup.copying import make_folder, put_file, remove_tree, sync_tree, take_out
from service.backup.errors import BackupBroken, BackupRefused
from service.backup.manifest import FILES, Entry, Manifest, complete, read_entries, read_manifest
from service.backup.named import named_blobs, order
from service.begin_anew import begin_anew
from service.config import Settings
from service.continuity import read_signed, rows_root
from service.house import House
from service.layout import Layout, replace_file, sync_folder
from service.log_key import open_signer
from vault.keyring_backup import KeyringCopy

BESIDE: Final = ".restoring"
MARK: Final = ".strongroom-restores"
NOT_SIGNED: Final = ("log/key", "log/checkpoint")
MIB: Final = 1 << 20
Show = Callable[[int, int], object]


class Restored(msgspec.Struct, kw_only=True):
    """What was put back. `lost`: positions that `since` shows and the backup has not; None where nobody can tell.
    `signs`: the log goes on under its key. `anew`: the key of the history that was begun instead."""

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


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`server_key`: the 32 bytes to be put beside it; None: it comes from the settings. `since`: the newest checkpoint
    that anybody has of this log, as bytes. `generation`: which one; "" for the newest."""

    folder: Path
    keyrings: Path
    settings: Settings
    server_key: bytes | None = None
    since: bytes | None = None
    begin_anew: bool = False
    generation: str = ""

    def __repr__(self) -> str:
        return "Asked(…)"


def restore(asked: Asked, show: Show) -> Restored:
    """BackupRefused, BackupBroken, LogRefused, VaultError, LogError, OSError: the folder is not there then."""
    target = Path(asked.settings.data).absolute()
    generation = _choose(asked)
    data = read_manifest(generation, "data")
    keys_folder = _choose_keyring(asked, data)
    _require_empty(target, data)
    with _reading(asked.folder), _beside(target) as beside:
        done = _Restoring(asked, generation, keys_folder, beside, show).restore()
        sync_tree(beside)
        (beside / MARK).unlink()
        beside.rename(target)  # Over an empty folder, or to where there is none; never over anything.
        sync_folder(target.parent)
        return done


class _Restoring:
    def __init__(self, asked: Asked, generation: Path, keys_folder: Path, beside: Path, show: Show) -> None:
        self._asked = asked
        self._generation = generation
        self._data = read_manifest(generation, "data")
        self._keys_folder = keys_folder
        self._keys = read_manifest(keys_folder, "keys")
        self._layout = Layout(beside)
        self._show = show
        self._done_bytes = 0
        self._total_bytes = sum(entry.size_bytes for entry in read_entries(generation / FILES))
        self._settings = msgspec.structs.replace(asked.settings, data=str(beside))
        self._said = Restored(
            name=self._data.name, keyring=self._keys.name, positions=self._data.log_size, signed=self._data.signed
        )

    def restore(self) -> Restored:
        self._put_files()
        if self._asked.server_key is not None:
            put_file(self._layout.server_key, self._asked.server_key, "server.key")
        with KeyringCopy(self._layout.keyring) as keys, closing(Log(self._layout.events)) as log:
            keys.require_sound()
            if log.head() != self._data.log_size:
                raise BackupBroken("events.db", f"ends at {log.head()}, not at {self._data.log_size}")
            self._put_bytes(keys, log)
        self._verify()
        with closing(House(self._settings)) as house:  # WrongServerKey.
            self._go_on_signing(house)
            if self._asked.begin_anew:
                self._said.anew = str(begin_anew(house)[0])
                self._said.signs = True
        shutil.rmtree(self._layout.run)
        return self._said

    # -- putting -------------------------------------------------------------------------------------------------

    def _put_files(self) -> None:
        for entry in self._data.files:
            take_out(self._generation, entry, self._layout.data / entry.path)
        for entry in self._keys.files:
            target = self._layout.signing_key if entry.path == "signing-key" else self._layout.data / entry.path
            take_out(self._keys_folder, entry, target)
        (self._layout.data / FILES).unlink()

    def _put_bytes(self, keys: KeyringCopy, log: Log) -> None:
        """Spools, and those blobs that log and keyring name: all of them have to be there."""
        entries = _Entries(self._generation / FILES)
        for entry in entries.spools():
            take_out(self._generation, entry, self._layout.data / entry.path, self._advance)
            self._said.spools += 1
        for named in named_blobs(keys, log, self._data.log_size):
            for rendition, path in named.paths:
                entry_or_none = entries.find(path)
                if entry_or_none is None:
                    raise BackupBroken(path, "is missing, and the log says that it was stored")
                if entry_or_none.fault:
                    self._said.faults.append(f"{path} {entry_or_none.fault}")
                    continue
                if not rendition and not named.is_original(entry_or_none.sha256):
                    raise BackupBroken(path, "is not what the log says was stored")
                take_out(self._generation, entry_or_none, self._layout.data / path, self._advance)
                self._said.blobs += 1
        for file_id, _ in keys.spooled_files():
            if self._needs_spool(log, file_id) and not self._layout.spool_file(file_id).exists():
                self._said.faults.append(f"spool/{file_id}.spool is not there: that upload was lost before")

    def _needs_spool(self, log: Log, file_id: str) -> bool:
        records = log.read_stream(f"file-{file_id}")
        return bool(records) and records[-1].envelope.type in ("FileUploaded", "FileRetried")

    def _advance(self, count_bytes: int) -> None:
        self._done_bytes += count_bytes
        self._show(self._done_bytes // MIB, max(self._done_bytes, self._total_bytes) // MIB)

    # -- the history ---------------------------------------------------------------------------------------------

    def _verify(self) -> None:
        """As any auditor would, from the bytes up to the signature."""
        verdict = verify_folder(self._layout.data, Policy(), lambda _done, _total: None)
        for found in verdict.findings:
            if self._data.signed < 0 and found.where in NOT_SIGNED:
                continue  # Nothing was ever signed in that folder.
            raise BackupRefused(f"the log of this backup is not what was signed ({found.line}): take another one")

    def _go_on_signing(self, house: House) -> None:
        """The log's own key stays only where `since` shows that it has signed nothing that is not here."""
        if self._data.signed < 0:
            self._said.signs = True  # A key is drawn at the first start.
            return
        # Sealed under the server key, it vouches for `log/key`, and that for the history: nobody else wrote this.
        verifier = open_signer(self._layout, house.server).verifier
        if self._asked.since is None:
            self._layout.signing_key.unlink()
            return
        newest, note = _open_since(self._asked.since, verifier)
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


def _choose(asked: Asked) -> Path:
    if asked.generation:
        if asked.generation not in {each.name for each in complete(asked.folder)}:
            raise BackupRefused(f"{asked.folder} has no complete backup {asked.generation}")
        return asked.folder / asked.generation
    whole = complete(asked.folder)
    if not whole:
        raise BackupRefused(f"{asked.folder} has no complete backup: one that was cut off has no manifest")
    return whole[-1]


def _choose_keyring(asked: Asked, data: Manifest) -> Path:
    """Of the same moment; else the first after it. An older one would bring destroyed keys back, and lack keys that the
    log names."""
    later = [each for each in complete(asked.keyrings) if each.name >= data.name]
    for each in later:
        if read_manifest(each, "keys").log_size >= data.log_size:
            return each
    raise BackupRefused(
        f"there is no copy of the keyring in {asked.keyrings} that is as new as the backup of {data.name}: an older"
        " one would bring back who was erased since. Say with --keyring where the copies are"
    )


def _require_empty(target: Path, data: Manifest) -> None:
    """What lies there already is never touched; how its log stands to the backup's is told."""
    if target.is_symlink():
        raise BackupRefused(f"{target} is a link: name the folder itself")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    said = ""
    if (target / "events.db").is_file():
        try:
            with closing(Log(target / "events.db")) as log:
                head = log.head()
            said = f" It holds a log of {head} events, and the backup has {data.log_size}."
            if head > data.log_size:
                said += f" {head - data.log_size} would be lost: keep it."
        except LogError as error:
            said = f" It holds a log that cannot be read: {error}."
    raise BackupRefused(f"{target} is not empty, and nothing is ever overwritten.{said} Name a folder that is new")


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
