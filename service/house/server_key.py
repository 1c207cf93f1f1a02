"""Which server key opens this folder, also when it was being replaced as the process died.

A rotation writes `server.key.new` and `log/signing-key.new` first and commits the keyring then, whose `key_check` says
which key it belongs to. So whichever of the two fits is the one, and what is left to be renamed is renamed by who comes
next.
"""

from __future__ import annotations

import errno
import hmac
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog

from service.house.log_key import opens_signer, read_file
from service.machine import locks
from service.machine.layout import SERVER_KEY_BYTES, Layout, load_server_key, sync_folder
from vault.errors import WrongServerKey
from vault.kdf import ServerKey
from vault.keyring_rotating import ServerRow, read_server_row
from vault.seal import Binding, open_sealed, seal

WAIT_S: Final = 10.0
_log = structlog.get_logger("service.house.server_key")
_PEPPER: Final = Binding(user="", stream="server", version=1, type="pepper", purpose="kept")


def open_server_key(layout: Layout, given_hex: str | None) -> ServerKey:
    """As `find_server_key`; a replacement that was cut off is finished first."""
    if given_hex is None and layout.new_server_key.exists():
        try:
            take_new_key(layout)
        except OSError as error:  # Everything is under it already: it is used from where it lies.
            _log.warning("the old server key is still there", why=str(error), key=layout.new_server_key.name)
    server = find_server_key(layout, given_hex)
    row = read_server_row(layout.keyring)
    if row is not None and fits(server, row):
        take_new_signing_key(layout, server)
    return server


def find_server_key(layout: Layout, given_hex: str | None) -> ServerKey:
    """The key that the keyring belongs to, with the pepper that it keeps. Where the two do not fit, the key as it is:
    whoever opens the keyring says so. RuntimeError as `load_server_key`; KeyringCorrupt. Changes nothing in a folder
    that has a key."""
    row = read_server_row(layout.keyring)
    new = _fitting_draft(layout) if given_hex is None else None
    server = ServerKey(load_server_key(layout, given_hex) if new is None else new)
    if row is None or row.pepper_by_server is None or not fits(server, row):
        return server
    return with_pepper(server, row.pepper_by_server)


def require_fitting(layout: Layout, server: ServerKey) -> None:
    """WrongServerKey where the keyring belongs to another. Asked before anything that is sealed under the key is
    opened: what would not open is not damaged then. KeyringCorrupt."""
    row = read_server_row(layout.keyring)
    if row is not None and not fits(server, row):
        raise WrongServerKey


def is_half_replaced(layout: Layout, server: ServerKey) -> bool:
    """Whether a replacement of the server key came to its commit, and the next start finishes it."""
    return _fitting_draft(layout) is not None or (
        layout.new_signing_key.exists() and opens_signer(layout.new_signing_key, server)
    )


def require_replaceable(layout: Layout) -> None:
    """OSError unless `server.key` is a plain file whose bytes can be overwritten: asked before anything is changed."""
    if not stat.S_ISREG(layout.server_key.lstat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(layout.server_key))
    os.close(os.open(layout.server_key, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC))


def _fitting_draft(layout: Layout) -> bytes | None:
    """`server.key.new`, if the keyring is under it."""
    row, new = read_server_row(layout.keyring), read_file(layout.new_server_key)
    if row is None or new is None or len(new) != SERVER_KEY_BYTES or not fits(ServerKey(new), row):
        return None
    return new


def fits(server: ServerKey, row: ServerRow) -> bool:
    return hmac.compare_digest(server.purpose("check"), row.key_check)


def with_pepper(server: ServerKey, pepper_by_server: bytes) -> ServerKey:
    """SealBroken when it is not this key's."""
    return server.keeping(open_sealed(server.purpose("kept"), pepper_by_server, _PEPPER))


def seal_pepper(server: ServerKey, pepper: bytes) -> bytes:
    return seal(server.purpose("kept"), pepper, _PEPPER)


def keyed_index(server: ServerKey, label: str, text: str) -> bytes:
    """HMAC(index key, label ‖ text)."""
    return hmac.digest(server.purpose("index"), f"{label}\x00{text}".encode(), "sha256")


def destroy_file(path: os.PathLike[str], over: int) -> None:
    """Its bytes are overwritten before its name goes to another. What a file system or a disk keeps below it, nobody
    reaches from here."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, os.urandom(over), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def take_new_key(layout: Layout) -> None:
    """`server.key.new` in the place of `server.key`, if the keyring is under it already. Else the rotation never came
    to its commit, and the old one goes on. One at a time: who came second must not destroy what the first put there."""
    with _turn(layout):
        if (new := _fitting_draft(layout)) is None:
            return
        take_new_signing_key(layout, ServerKey(new))  # First: it opens under no other key.
        if read_file(layout.server_key) not in (None, new):
            destroy_file(layout.server_key, SERVER_KEY_BYTES)
        layout.new_server_key.rename(layout.server_key)
        sync_folder(layout.data)


def take_new_signing_key(layout: Layout, server: ServerKey) -> None:
    """`log/signing-key.new` in the place of the old one, if this key opens it."""
    with suppress(FileNotFoundError):  # Somebody else was quicker.
        if layout.new_signing_key.exists() and opens_signer(layout.new_signing_key, server):
            layout.new_signing_key.rename(layout.signing_key)
            sync_folder(layout.log)


@contextmanager
def _turn(layout: Layout) -> Iterator[None]:
    lock = locks.take(layout.run / "server-key.lock", WAIT_S)
    if lock is None:
        raise RuntimeError("the server key is being replaced by another process: try again")
    with lock:
        yield
