"""What a backup says of itself. It is written last, so a folder that has one is complete.

Layout:
    DIR/<name>/                     one generation: no key to anything lies in it
        manifest.json
        events.db
        log/key signed checkpoint   and retired-…/, the keys and checkpoints of logs before this one
        blobs/xx/<id>.blob          one file with the generation before, where that has it too (a hard link)
        spool/<id>.spool            uploads that are acknowledged and not stored yet, or under way
        files.ndjson                one line for each file in blobs/ and spool/
    KEYS/<name>/                    the keyring of the same moment
        manifest.json
        keyring.db  uploads.db  signing-key
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from eventstore.verify.files import FileRefused, read_small
from service.backup.errors import BackupBroken, BackupRefused
from vault.kdf import ServerKey

Kind = Literal["data", "keys"]
FORMAT: Final = 1
MAX_MANIFEST_BYTES: Final = 16 << 20
MAX_LINE_BYTES: Final = 4_096
MANIFEST: Final = "manifest.json"
FILES: Final = "files.ndjson"
PART: Final = ".part"
_NAME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z(-\d+)?")
_PART: Final = re.compile(r"\.{0,1}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")
_MOST_PARTS: Final = 12


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file: its path in the generation, bytes, and SHA-256 in hex. `fault`: it was to be there and was not as it
    should be, before this backup was taken; then it is not in it."""

    path: str
    size_bytes: int
    sha256: str
    fault: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Of a generation (`kind` "data") or of a copy of the keyring ("keys"). Both of one moment have one name.

    `log_size`: events in the log at that moment; `log_first` and `log_root`: the tree's root over the first of them and
    over all, in hex; `signed`: how many of them a checkpoint covered, -1 for none. `keyring_generation`: how often the
    keyring had been written. `version`: of the program that wrote it. `mac`: HMAC-SHA256 in hex over the JSON of all
    the rest, under a key that only who has the server key can derive."""

    format: int = FORMAT
    kind: Kind
    name: str
    taken_at_us: int
    version: str
    log_size: int
    log_first: str
    log_root: str
    signed: int
    keyring_generation: int
    files: tuple[Entry, ...]
    mac: str = ""


def encode(manifest: Manifest, server: ServerKey) -> bytes:
    vouched = msgspec.structs.replace(manifest, mac=_mac(manifest, server))
    return msgspec.json.format(msgspec.json.encode(vouched), indent=1) + b"\n"


def read_vouched(folder: Path, kind: Kind, server: ServerKey) -> Manifest:
    """One that was written under this server key. As `read_manifest`, and BackupRefused."""
    manifest = read_manifest(folder, kind)
    if not hmac.compare_digest(manifest.mac.encode(), _mac(manifest, server).encode()):
        raise BackupRefused(
            f"{folder.name}/{MANIFEST} was not written under this server key, or was changed since. If the key was"
            " replaced after that backup, give the one of that time; else take another backup"
        )
    return manifest


def read_manifest(folder: Path, kind: Kind) -> Manifest:
    """What it says, whoever wrote it. BackupBroken; BackupRefused for one that newer code wrote."""
    where = f"{folder.name}/{MANIFEST}"
    try:
        data = read_small(folder / MANIFEST, MAX_MANIFEST_BYTES)
        if data is None:
            raise BackupBroken(where, "is missing: the backup was cut off")
        if msgspec.json.decode(data, type=_Format).format > FORMAT:
            raise BackupRefused(f"{where} was written by newer code than this: restore it with that")
        manifest = msgspec.json.decode(data, type=Manifest)
    except FileRefused as refused:
        raise BackupBroken(where, str(refused)) from None
    except msgspec.MsgspecError as error:
        raise BackupBroken(where, f"cannot be read: {error}") from None
    if manifest.kind != kind or manifest.name != folder.name:
        raise BackupBroken(where, "is that of another folder")
    for entry in manifest.files:
        require_path(where, entry)
    return manifest


def read_entries(path: Path) -> Iterator[Entry]:
    """The lines of `files.ndjson`, in order. BackupBroken."""
    try:
        with path.open("rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                entry = msgspec.json.decode(line, type=Entry)
                require_path(path.name, entry)
                yield entry
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupBroken(path.name, f"cannot be read: {error}") from None


def require_path(where: str, entry: Entry) -> None:
    """BackupBroken for a path that leads out of the folder: a forged list must not write elsewhere."""
    parts = entry.path.split("/")
    if len(parts) > _MOST_PARTS or not all(map(_PART.fullmatch, parts)) or entry.size_bytes < 0:
        raise BackupBroken(where, "names what no backup has")


def complete(folder: Path) -> list[Path]:
    """Complete generations or copies of the keyring in a folder, the oldest first."""
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return []
    found = (each for each in entries if is_name(each.name) and not each.is_symlink())
    return sorted((each for each in found if (each / MANIFEST).is_file()), key=lambda each: each.name)


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _mac(manifest: Manifest, server: ServerKey) -> str:
    said = msgspec.json.encode(msgspec.structs.replace(manifest, mac=""))
    return hmac.digest(server.purpose("backup"), said, "sha256").hex()


class _Format(msgspec.Struct):
    format: int
