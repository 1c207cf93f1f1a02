"""What goes over the wire of an import."""

from __future__ import annotations

import msgspec


class ImportAnswer(msgspec.Struct, frozen=True):
    """How many of each came in; `skipped`: those that were here from an earlier try, those that were deleted here
    since, and files whose bytes the export has not."""

    chats: int
    messages: int
    files: int
    skipped: int
    position: int
