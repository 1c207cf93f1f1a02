"""Which request caused a job: for the job's log lines, so that one id leads from an answer to all that followed it.

The id must not stand in the log of events, which is for ever, and the API does not speak to the queue. So the API notes
it in `run/request-ids` before the append, and the relay, which cannot see the event any earlier, finds it there. The
file is a table of SLOTS places, and a stream's is told by its hash: of two streams that meet at one place the later has
it. That, and a crash of the machine, only cost the note. Whoever finds none does without. Each note is one write of 16
bytes, with eight bytes of the stream's hash to be known by, so no lock is needed: what is torn or another's does not
match.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from structlog.contextvars import get_contextvars

SLOTS: Final = 4_096
TAG_BYTES: Final = 8
ID_BYTES: Final = 8
SLOT_BYTES: Final = TAG_BYTES + ID_BYTES
ASKING: Final = ("file-", "chat-", "account-")  # Streams whose events ask for jobs.


class RequestIds:
    """`note` in the API, `find` in the relay. Safe from any thread."""

    def __init__(self, run: Path) -> None:
        """OSError."""
        self._fd = os.open(run / "request-ids", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def note(self, stream: str) -> None:
        """That this request appends to the stream. Never raises: an id in a log is worth no request."""
        if not stream.startswith(ASKING):
            return
        with suppress(OSError, ValueError):
            request_id = bytes.fromhex(get_contextvars().get("request_id", ""))
            if len(request_id) == ID_BYTES:
                tag, offset = _place(stream)
                os.pwrite(self._fd, tag + request_id, offset)

    def find(self, stream: str) -> str | None:
        tag, offset = _place(stream)
        with suppress(OSError):
            found = os.pread(self._fd, SLOT_BYTES, offset)
            if len(found) == SLOT_BYTES and found.startswith(tag):
                return found[TAG_BYTES:].hex()
        return None

    def close(self) -> None:
        fd, self._fd = self._fd, -1  # A straggler must not write into what takes the number next.
        os.close(fd)


def _place(stream: str) -> tuple[bytes, int]:
    """The hash's beginning, and where its note lies."""
    digest = hashlib.blake2b(stream.encode(), digest_size=TAG_BYTES + 4).digest()
    return digest[:TAG_BYTES], int.from_bytes(digest[TAG_BYTES:]) % SLOTS * SLOT_BYTES
