"""Files copied whole: hashed on the way, durable, private, and never through a link that somebody laid."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from service.backup.errors import BackupBroken
from service.backup.manifest import Entry
from service.machine.layout import sync_folder
from vault.durable import WriteBehind, write_all
from vault.hashing import Sha256Beside

PIECE_BYTES: Final = 1 << 20
_NO_LINK: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.EACCES)


def copy_file(source: Path, target: Path, path: str, advance: Callable[[int], object] = lambda _: None) -> Entry:
    """`source` under a new name, fsynced, mode 0600. OSError: also for what is not a plain file, or a link."""
    descriptor = _open_plain(source)
    try:
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size_bytes, digest = _pump(descriptor, out, advance)
            os.fsync(out)
        finally:
            os.close(out)
    finally:
        os.close(descriptor)
    return Entry(path, size_bytes, digest)


def hash_file(source: Path, path: str) -> Entry:
    """A file that lies there already, made durable and private. OSError."""
    descriptor = _open_plain(source)
    try:
        size_bytes, digest = _pump(descriptor, None, lambda _: None)
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Entry(path, size_bytes, digest)


def put_file(target: Path, data: bytes, path: str) -> Entry:
    """Bytes as a new file, fsynced, mode 0600."""
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    digest = Sha256Beside()
    try:
        write_all(out, memoryview(data), 0)
        os.fsync(out)
        digest.start(data)
        return Entry(path, len(data), digest.digest().hex())
    finally:
        digest.close()
        os.close(out)


def link_file(earlier: Path, target: Path, size_bytes: int) -> bool:
    """The same file under a second name. False: it is not there as it was, or this file system has no hard links."""
    try:
        found = earlier.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
            return False
        os.link(earlier, target, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True


def take_out(folder: Path, entry: Entry, target: Path, advance: Callable[[int], object] = lambda _: None) -> None:
    """A file of a backup into a new folder. BackupBroken unless it is what was written; then nothing of it stays."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _readable(folder, entry):
        try:
            _require_same(copy_file(folder / entry.path, target, entry.path, advance), entry)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def require_whole(folder: Path, entry: Entry) -> None:
    """BackupBroken unless a file of a backup is what was written. It is only read."""
    with _readable(folder, entry):
        descriptor = _open_plain(folder / entry.path)
        try:
            size_bytes, digest = _pump(descriptor, None, lambda _: None)
        finally:
            os.close(descriptor)
        _require_same(Entry(entry.path, size_bytes, digest), entry)


@contextmanager
def _readable(folder: Path, entry: Entry) -> Iterator[None]:
    """What keeps a file of a backup from being read is damage to that; a full disk is not."""
    source = folder / entry.path
    for parent in source.parents:
        if parent == folder:
            break
        if parent.is_symlink():
            raise BackupBroken(entry.path, "lies behind a link")
    try:
        yield
    except FileNotFoundError:
        raise BackupBroken(entry.path, "is missing") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BackupBroken(entry.path, f"cannot be read: {error.strerror}") from None


def _require_same(found: Entry, entry: Entry) -> None:
    if found.size_bytes != entry.size_bytes:
        raise BackupBroken(entry.path, f"has {found.size_bytes} bytes, not {entry.size_bytes}")
    if found.sha256 != entry.sha256:
        raise BackupBroken(entry.path, "is not what was written: its hash is another")


def make_folder(folder: Path) -> None:
    """New, mode 0700, whatever the umask. FileExistsError."""
    folder.mkdir(mode=0o700)
    folder.chmod(0o700)


def sync_tree(folder: Path) -> None:
    """The names in a folder and in all below it are durable."""
    for place, _, _ in os.walk(folder):
        sync_folder(Path(place))


def remove_tree(folder: Path) -> None:
    """What is left of it when this fails is removed the next time. A link itself goes, and never what it names."""
    with suppress(OSError):
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(folder)


def _open_plain(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def _pump(source: int, out: int | None, advance: Callable[[int], object]) -> tuple[int, str]:
    """(bytes, SHA-256 in hex) of all of it, 1 MiB at a time."""
    digest, behind = Sha256Beside(), None if out is None else WriteBehind(out)
    pieces = [memoryview(bytearray(PIECE_BYTES)) for _ in range(2)]  # One is hashed while the other is filled.
    done_bytes = turn = 0
    try:
        while count := os.preadv(source, [pieces[turn]], done_bytes):
            piece = pieces[turn][:count]
            digest.start(piece)
            if out is not None and behind is not None:
                write_all(out, piece, done_bytes)
                behind.advance(done_bytes + count)
            done_bytes, turn = done_bytes + count, 1 - turn
            advance(count)
        return done_bytes, digest.digest().hex()
    finally:
        digest.close()
