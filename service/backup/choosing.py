"""What is to be put back, and where to: the generation, the copies of the keyring, a folder that holds nothing yet."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from eventstore.errors import LogError
from eventstore.log import Log
from service.backup.errors import BackupRefused
from service.backup.manifest import Manifest, complete, read_vouched
from service.house.log_key import names_used
from service.machine.config import Settings
from service.machine.given_key import given_server_key
from service.machine.layout import Layout
from vault.kdf import ServerKey


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`server_key`: the 32 bytes to be put beside it; None: it comes from the settings. `since`: the newest checkpoint
    that anybody has of this log, as bytes. `generation`: which one; "" for the newest. `as_it_was`: sessions and tokens
    stay, and what a newer copy of the keyring has destroyed comes back. `without_damaged`: stored files and uploads
    that are no longer whole in the backup are left out; else nothing is put back."""

    folder: Path
    keyrings: Path
    settings: Settings
    server_key: bytes | None = None
    since: bytes | None = None
    begin_anew: bool = False
    generation: str = ""
    as_it_was: bool = False
    without_damaged: bool = False

    def __repr__(self) -> str:
        return "Asked(…)"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """`newer`: the newest copy of the keyring, where that is not `keys`, and its manifest."""

    generation: Path
    data: Manifest
    keys_folder: Path
    keys: Manifest
    newer: tuple[Path, Manifest] | None
    server: ServerKey


def choose(asked: Asked) -> Chosen:
    """By who has the server key: nothing that it does not vouch for is looked at. BackupRefused, BackupBroken."""
    key = asked.server_key if asked.server_key is not None else bytes.fromhex(given_server_key(asked.settings) or "")
    server = ServerKey(key)
    generation = _generation(asked)
    data = read_vouched(generation, "data", server)
    keys_folder, keys = _keyring(asked, data, server)
    newer = None if asked.as_it_was else _newer(asked, keys, server)
    _require_words(asked, generation, data)
    return Chosen(generation=generation, data=data, keys_folder=keys_folder, keys=keys, newer=newer, server=server)


def require_empty(target: Path, data: Manifest) -> None:
    """What lies there already is never touched; how its log stands to the backup's is told."""
    if target.is_symlink():
        raise BackupRefused(f"{target} is a link: name the folder itself")
    if target.is_mount():
        raise BackupRefused(f"{target} is where a disk is mounted, and nothing can take its place: name a folder in it")
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


def _generation(asked: Asked) -> Path:
    if asked.generation:
        if asked.generation not in {each.name for each in complete(asked.folder)}:
            raise BackupRefused(f"{asked.folder} has no complete backup {asked.generation}")
        return asked.folder / asked.generation
    whole = complete(asked.folder)
    if not whole:
        raise BackupRefused(f"{asked.folder} has no complete backup: one that was cut off has no manifest")
    return whole[-1]


def _keyring(asked: Asked, data: Manifest, server: ServerKey) -> tuple[Path, Manifest]:
    """Of the same moment; else the first after it. An older one would bring destroyed keys back, and lack keys that the
    log names."""
    later = [each for each in complete(asked.keyrings) if each.name >= data.name]
    for each in later:
        manifest = read_vouched(each, "keys", server)
        if manifest.log_size >= data.log_size and manifest.log_first == data.log_first:
            return each, manifest
    raise BackupRefused(
        f"there is no copy of the keyring in {asked.keyrings} that is as new as the backup of {data.name}: an older"
        " one would bring back who was erased since. Say with --keyring where the copies are"
    )


def _newer(asked: Asked, keys: Manifest, server: ServerKey) -> tuple[Path, Manifest] | None:
    """The newest that is of the same log. BackupRefused for one that cannot be believed: it may know of erasures."""
    for each in reversed(complete(asked.keyrings)):
        if each.name <= keys.name:
            return None
        try:
            manifest = read_vouched(each, "keys", server)
        except BackupRefused as refused:
            raise BackupRefused(
                f"{refused}. Without that copy of the keyring nobody knows who was erased since {keys.name}:"
                " --as-it-was puts it back even so"
            ) from None
        if manifest.log_first == keys.log_first and manifest.log_size >= keys.log_size:
            return each, manifest
    return None


def _require_words(asked: Asked, generation: Path, data: Manifest) -> None:
    """What can be refused before anything is copied."""
    if data.signed < 0 and (data.log_size or asked.since is not None) and not asked.begin_anew:
        raise BackupRefused(
            "nothing of this backup was signed when it was taken, and whether its log was signed later cannot be told"
            " from it. Take a newer one; if there is none, --begin-anew puts it back as a log of its own"
        )
    origin = asked.settings.log_origin
    if asked.begin_anew and origin in names_used(Layout(generation)):
        raise BackupRefused(
            f"STRONGROOM_LOG_ORIGIN is still {origin}, the name of the log that is put back: for --begin-anew set it to"
            " another, or to none"
        )
