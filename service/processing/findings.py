"""What can be found out about a stored file, by its media type."""

from __future__ import annotations

from typing import Final, Literal

from service.media.opening import IMAGE_TYPES

Finding = Literal["audio", "image"]

CONTAINERS: Final = frozenset(("video/webm", "video/mp4", "video/x-matroska", "video/quicktime", "application/ogg"))
"""May hold sound alone: only opening them tells."""


def analysable(mime_type: str) -> Finding | None:
    """Which analysis a file of this sniffed type is worth; None: it is stored and served as it is."""
    if mime_type in IMAGE_TYPES:
        return "image"
    if mime_type.startswith("audio/") or mime_type in CONTAINERS:
        return "audio"
    return None
