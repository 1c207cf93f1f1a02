"""Reading a small file that somebody else may have put there: only a regular one, and only so much of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class FileRefused(Exception):
    """There is something, but not a file as it should be: one line that says why."""


def read_small(path: Path, most_bytes: int) -> bytes | None:
    """The whole file; None when there is none. FileRefused: not a plain file, longer than that, or unreadable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # A named pipe would wait for ever.
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise FileRefused(f"cannot be read: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileRefused("is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > most_bytes:
        raise FileRefused(f"has more than {most_bytes} bytes")
    return data
