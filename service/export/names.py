"""File names for any file system: what people call a file, without what some system cannot store or reads otherwise."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

MAX_BYTES: Final = 180  # In UTF-8; ext4 takes 255, and paths on Windows 260 characters with all that comes before.
MAX_SUFFIX_BYTES: Final = 20
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_JOINERS: Final = frozenset("\u200c\u200d")  # Persian words and family emoji are written with them.


def safe_name(name: str) -> str:
    """Likeness of `name` that every file system takes: NFC, nothing reserved or invisible, never hidden, never empty,
    no more than MAX_BYTES with its ending kept."""
    shown = "".join(
        each if each.isprintable() or each in _JOINERS else "_" for each in unicodedata.normalize("NFC", name)
    )
    plain = _FORBIDDEN.sub("_", shown).strip().rstrip(". ")  # Windows drops dots and spaces at the end.
    if plain.startswith(".") or _DEVICES.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or "file"


def _shortened(name: str) -> str:
    stem, suffix = _parts(name)
    return f"{_cut(stem, MAX_BYTES - len(suffix.encode()))}{suffix}"


def _parts(name: str) -> tuple[str, str]:
    """("notes", ".txt"); an ending that is none stays with the stem."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or not suffix or len(suffix.encode()) > MAX_SUFFIX_BYTES or " " in suffix:
        return name, ""
    return stem, dot + suffix


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip(". ")


class Names:
    """Keeps equal names apart, as file systems compare them: without regard to case and composition. Remembers eight
    bytes of each."""

    def __init__(self) -> None:
        self._taken: set[bytes] = set()
        self._next: dict[bytes, int] = {}

    def take(self, name: str) -> str:
        """A safe name that was not given before: `notes.txt`, then `notes (2).txt`."""
        safe = safe_name(name)
        stem, suffix = _parts(safe)
        first = _mark(safe)
        found, number = safe, self._next.get(first, 1)
        while _mark(found) in self._taken:
            number += 1
            found = f"{stem} ({number}){suffix}"
        if number > 1:
            self._next[first] = number  # A thousand files of one name cost a thousand looks, not half a million.
        self._taken.add(_mark(found))
        return found


def _mark(name: str) -> bytes:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return hashlib.blake2b(folded.encode(), digest_size=8).digest()
