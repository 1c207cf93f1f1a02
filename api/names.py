"""File names as people give them: what may stand in one, and what would only deceive."""

from __future__ import annotations

from typing import Final

MAX_NAME_CHARS: Final = 255
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")  # Persian words and family emoji are written with them.


def is_name(text: str) -> bool:
    """1 to 255 characters that can be seen, and the joiners between them: no line breaks, no change of direction."""
    return 1 <= len(text) <= MAX_NAME_CHARS and text.translate(_JOINERS).isprintable()
