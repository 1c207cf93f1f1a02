"""The data folder: where each thing lies. Made 0700; nothing in it is for other users of the machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

SERVER_KEY_BYTES = 32


class Layout(msgspec.Struct, frozen=True):
    data: Path

    @property
    def events(self) -> Path:
        return self.data / "events.db"

    @property
    def keyring(self) -> Path:
        return self.data / "keyring.db"

    @property
    def uploads(self) -> Path:
        return self.data / "uploads.db"

    @property
    def user_data(self) -> Path:
        return self.data / "projections-user_data.db"

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def turns(self) -> Path:
        """Who is at which upload: locks and claims, see service/uploads/turns.py."""
        return self.run / "turns"

    @property
    def log(self) -> Path:
        """What makes the log one that anybody can check: keys, checkpoints, tiles."""
        return self.data / "log"

    @property
    def log_key(self) -> Path:
        """The verifier key, for everybody."""
        return self.log / "key"

    @property
    def signing_key(self) -> Path:
        """What signs the log, sealed under the server key."""
        return self.log / "signing-key"

    @property
    def signed(self) -> Path:
        """The last checkpoint that was signed, kept outside the log itself: whatever is signed goes on from it."""
        return self.log / "signed"

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint that was published."""
        return self.log / "checkpoint"

    @property
    def keyring_mark(self) -> Path:
        """The newest generation of the keyring that was here; beside the checkpoint, which guards the log likewise."""
        return self.log / "keyring.mark"

    @property
    def log_retiring(self) -> Path:
        """Where files of a log that is given up gather, until all of them are there."""
        return self.log / "retiring"

    @property
    def signer_lock(self) -> Path:
        return self.run / "signer.lock"

    @property
    def signer_preferred(self) -> Path:
        """Held by processes that answer nobody, as long as they live: where there is one, it signs."""
        return self.run / "signer.preferred"

    @property
    def log_refused(self) -> Path:
        """Why nothing may be signed at the moment, for people; not there when all is well."""
        return self.run / "log-refused"

    @property
    def log_unsigned(self) -> Path:
        """Why signing fails again and again, in the same way."""
        return self.run / "log-unsigned"

    @property
    def log_contradicted(self) -> Path:
        """Which witnesses have seen another history, in the same way."""
        return self.run / "log-contradicted"

    @property
    def server_key(self) -> Path:
        return self.data / "server.key"

    @property
    def new_server_key(self) -> Path:
        """The next one, while it takes the place of the one before: see service/upkeep/rotating.py."""
        return self.data / "server.key.new"

    @property
    def new_signing_key(self) -> Path:
        """What signs the log, sealed under the next server key."""
        return self.log / "signing-key.new"

    @property
    def operator_token(self) -> Path:
        return self.data / "operator.token"

    @property
    def limits(self) -> Path:
        """What rate limits count."""
        return self.run / "limits.db"

    @property
    def queue_report(self) -> Path:
        """How long the queues are, and which jobs were given up: see service/house/queue_report.py."""
        return self.run / "queue.json"

    @property
    def retries(self) -> Path:
        """Which of them are to be done again: see service/house/retry_requests.py."""
        return self.run / "retries"

    @property
    def storage_count(self) -> Path:
        """What lies in the folders, counted a moment ago: see service/upkeep/storage_count.py."""
        return self.run / "storage.json"

    @property
    def metrics(self) -> Path:
        """What each process has counted since it began."""
        return self.run / "metrics"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    def spool_file(self, file_id: str) -> Path:
        return self.spool / f"{file_id}.spool"

    def blob_file(self, blob_id: str, rendition: str = "") -> Path:
        """Two levels of folders by the end of the id, which is its random part: no folder grows past reason. What is
        derived from a blob lies beside it: `<id>.<rendition>.blob`."""
        return self.blobs / blob_id[-2:] / (f"{blob_id}.{rendition}.blob" if rendition else f"{blob_id}.blob")

    def blob_files(self, blob_id: str) -> list[Path]:
        """The blob and all that was derived from it, as far as they are there."""
        return sorted((self.blobs / blob_id[-2:]).glob(f"{blob_id}.*blob"))

    def create(self) -> None:
        """OSError when the folder cannot be made or written."""
        for folder in (self.data, self.spool, self.blobs, self.log, self.run, self.turns):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):  # Else a database would say it, in its own words.
                raise PermissionError(errno.EACCES, "cannot be read and written by this user", str(folder))


def load_server_key(layout: Layout, given_hex: str | None) -> bytes:
    """32 bytes: from the setting, or from `server.key`, which is made on first start.

    The new key is fsynced under another name and linked into place, so that two processes starting at once agree and
    a crash never leaves half a key. A folder that has a keyring but no key is refused: a new key would open nothing.
    """
    if given_hex is not None:
        return bytes.fromhex(given_hex)
    path = layout.server_key
    needed = layout.keyring.exists()  # Asked first: a process that starts beside us makes the key, then the keyring.
    if not path.exists():
        if needed:
            raise RuntimeError(f"{path.name} is missing, but there is a keyring that needs it: restore the key first")
        create_once(path, os.urandom(SERVER_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != SERVER_KEY_BYTES:
        raise RuntimeError(f"{path.name} must hold {SERVER_KEY_BYTES} bytes, not {len(key)}")
    return key


def create_once(path: Path, data: bytes) -> None:
    """Durable, whole, and the first one for ever: of several processes that begin at once one makes the file."""
    # A random name: process ids come again, in a container at once, and a draft that a crash left would be in the way.
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with naming(path):
            os.write(descriptor, data)
            os.fsync(descriptor)
    except OSError:
        draft.unlink()
        raise
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # Another process was quicker: what it made counts.
    finally:
        draft.unlink()
    sync_folder(path.parent)  # The loser too: it must not wrap keys under one that a power cut could still undo.


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What the system refuses without saying about which file (a write to a full disk) is said about this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def make_folder(folder: Path) -> None:
    """Durable itself, so that what is renamed into it is found again after a power cut."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def replace_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Durable, and whole at every moment: whoever reads it finds the old bytes or the new ones. One writer at a
    time. Without `durable`, for what is told anew all the time, a power cut may leave the old file, or an empty one."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        with (
            naming(path),
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file,
        ):
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes names in a folder durable: a new or renamed file is otherwise lost with a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
