"""The key that signs the log: drawn once, sealed under the server key, and never under another name.

`signed` comes before the key: a checkpoint of the empty log is signed by the new key and written first. So a folder
that has a key but no `signed` has lost it, and a new start is told from a loss.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventstore.checkpoint import Checkpoint, parse_checkpoint
from eventstore.merkle import EMPTY_ROOT
from eventstore.note import Note, NoteInvalid, SignerKey, VerifierKey, parse_key, parse_note
from service.machine.layout import Layout, replace_file, sync_folder
from vault.errors import SealBroken
from vault.kdf import ServerKey
from vault.seal import Binding, open_sealed, seal

SEED_BYTES: Final = 32
MAX_FILE_BYTES: Final = 64 * 1024
BEGIN_ANEW: Final = "`strongroom log begin-anew`"
_BINDING: Final = Binding(user="", stream="log", version=1, type="Ed25519", purpose="signing key")


class LogRefused(RuntimeError):
    """Nothing may be signed, and why: one line for a person that says the way out."""


def load_signer(layout: Layout, server: ServerKey, origin: str) -> SignerKey:
    """The key; drawn if this log never had one. `origin`: the name to give it, "" for one made from the key itself.
    By the holder of `run/signer.lock` only. LogRefused, OSError."""
    require_whole_folder(layout)
    if not layout.signing_key.exists():
        require_fresh(layout)
        _draw(layout, server, origin)
    signer = open_signer(layout, server)
    _require_origin(signer.verifier.name, origin)
    if read_verifier(layout) is None:  # Lost, or a crash came before it. What is sealed has all of it.
        replace_file(layout.log_key, f"{signer.verifier}\n".encode())
    return signer


def open_signer(layout: Layout, server: ServerKey) -> SignerKey:
    """LogRefused when the file is not what was written, another server key wrote it, or `log/key` is not its other
    half."""
    signer = unseal_signer(layout, server)
    if read_verifier(layout) not in (None, signer.verifier):
        raise LogRefused(
            "log/key and log/signing-key do not belong together: put the right ones back, or begin a new log with"
            f" {BEGIN_ANEW}"
        )
    return signer


def unseal_signer(layout: Layout, server: ServerKey) -> SignerKey:
    """What `log/signing-key` holds, whatever else lies there. LogRefused."""
    try:
        opened = _unseal(layout.signing_key, server)
        return SignerKey(opened[SEED_BYTES:].decode(), opened[:SEED_BYTES])
    except (SealBroken, ValueError) as error:
        raise LogRefused(
            "log/signing-key does not open: it is damaged, or from a folder with another server key. Put the right one"
            f" back, or begin a new log with {BEGIN_ANEW}"
        ) from error


def opens_signer(path: Path, server: ServerKey) -> bool:
    """Whether a signing key is sealed under this server key."""
    try:
        _unseal(path, server)
    except SealBroken:
        return False
    return True


def reseal_signer(source: Path, target: Path, old: ServerKey, new: ServerKey) -> None:
    """The same signing key under another server key; durable. SealBroken, OSError."""
    replace_file(target, seal(new.purpose("checkpoint"), _unseal(source, old), _BINDING))


def _unseal(path: Path, server: ServerKey) -> bytes:
    return open_sealed(server.purpose("checkpoint"), read_file(path) or b"", _BINDING)


def read_verifier(layout: Layout) -> VerifierKey | None:
    """What `log/key` says; None when it is not there or not readable as a key."""
    return _verifier_in(layout.log_key)


def _verifier_in(path: Path) -> VerifierKey | None:
    try:
        return parse_key((read_file(path) or b"").decode().removesuffix("\n"))
    except ValueError:
        return None


def require_fresh(layout: Layout) -> None:
    """LogRefused unless nothing was ever signed here. To be asked where `log/signing-key` is missing."""
    left = [path.name for path in (layout.log_key, layout.checkpoint) if path.exists()]
    data = read_file(layout.signed)
    if data is not None and not _is_of_empty_log(data):
        left.append(layout.signed.name)
    if left:
        raise LogRefused(
            f"log/signing-key is missing, but there is log/{left[0]}: put the key back from a copy of the folder, or"
            f" begin a new log with {BEGIN_ANEW}"
        )


def require_origin(layout: Layout, origin: str) -> None:
    """LogRefused when the setting names another log than the key does."""
    verifier = read_verifier(layout)
    if verifier is not None:
        _require_origin(verifier.name, origin)


def require_whole_folder(layout: Layout) -> None:
    """LogRefused while a new log is half begun: what is left of the old one's files says nothing by itself."""
    if layout.log_retiring.exists():
        raise LogRefused(f"{BEGIN_ANEW} was cut off in the middle: do it again, and it goes on where it was")


def names_used(layout: Layout) -> frozenset[str]:
    """What this log is called, and what those before it in this folder were, by any file that still tells. Nothing is
    verified: a name that may have been used is one too many."""
    return retired_names(layout) | frozenset(_names_in(layout.log))


def retired_names(layout: Layout) -> frozenset[str]:
    """Those of the logs before."""
    folders = (layout.log_retiring, *layout.log.glob("retired-*"))
    return frozenset(name for folder in folders for name in _names_in(folder))


def _names_in(folder: Path) -> Iterator[str]:
    if (key := _verifier_in(folder / "key")) is not None:
        yield key.name
    for name in ("signed", "checkpoint"):
        try:
            yield parse_checkpoint(parse_note(read_file(folder / name) or b"").text).origin
        except NoteInvalid:
            continue


def read_file(path: os.PathLike[str]) -> bytes | None:
    """None when it is not there; nothing of what is no regular file: a pipe or a device might answer never. A file that
    is far too long for what it should be is read no further."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENXIO:  # A socket, or a device without a driver.
            return b""
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_FILE_BYTES + 1)
    finally:
        os.close(descriptor)


def _require_origin(name: str, origin: str) -> None:
    if origin not in ("", name):
        raise LogRefused(
            f"STRONGROOM_LOG_ORIGIN is {origin}, but the log in this folder is {name}: set it to that, or begin a new"
            f" log with {BEGIN_ANEW}"
        )


def _is_of_empty_log(data: bytes) -> bool:
    try:
        return parse_checkpoint(parse_note(data).text).size == 0
    except NoteInvalid:
        return False


def _draw(layout: Layout, server: ServerKey, origin: str) -> None:
    """Fsynced under another name and moved into place: a crash leaves a whole key or none."""
    if origin in retired_names(layout):
        raise LogRefused(f"STRONGROOM_LOG_ORIGIN is {origin}, as a log before this one was called: set it to another")
    seed = os.urandom(SEED_BYTES)
    public = SignerKey("-", seed).verifier.public
    signer = SignerKey(origin or f"strongroom-{hashlib.sha256(public).hexdigest()[:12]}", seed)
    text = Checkpoint(signer.verifier.name, 0, EMPTY_ROOT).text
    replace_file(layout.signed, Note(text, (signer.sign(text),)).encode())
    name = signer.verifier.name.encode()
    replace_file(layout.signing_key, seal(server.purpose("checkpoint"), seed + name, _BINDING))
    sync_folder(layout.data)  # The folder `log` itself, if it is new.
