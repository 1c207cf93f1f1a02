"""Words that must be found nowhere, in any of the shapes that a careless program gives to words."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

MIN_BYTES = 8
"""A shorter canary would be found by chance."""


def shapes(canary: str | bytes) -> set[bytes]:
    """The canary as UTF-8, UTF-16, hexadecimal, base64 at each of its three alignments, JSON and percent escapes."""
    plain = canary.encode() if isinstance(canary, str) else canary
    assert len(plain) >= MIN_BYTES, canary
    found = {plain}
    if isinstance(canary, str):
        found |= {canary.encode("utf-16-le"), canary.encode("utf-16-be")}
        found |= {json.dumps(canary)[1:-1].encode(), quote(canary, safe="").encode(), canary.casefold().encode()}
    for data in set(found):
        found |= {data.hex().encode(), data.hex().upper().encode()}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found |= {_inner_base64(encode(bytes(skip) + data), skip) for skip in range(3)}
    return found


def _inner_base64(encoded: bytes, skip: int) -> bytes:
    """Without the characters at both ends, which depend on the neighbours too."""
    first = {0: 0, 1: 2, 2: 3}[skip]
    return encoded.rstrip(b"=")[first:-1]


def leaks(canaries: Iterable[str | bytes], places: dict[str, bytes]) -> list[str]:
    """`place: canary` for each that is found."""
    searched = [(canary, shape) for canary in canaries for shape in shapes(canary)]
    return [f"{place}: {canary!r}" for place, data in places.items() for canary, shape in searched if shape in data]


def contents(*folders: Path) -> dict[str, bytes]:
    """Path → bytes of every file below, whatever it is called; names too, as bytes, for those tell as well."""
    return {str(path): path.name.encode() + b"\n" + _read(path) for path in _files(folders)}


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # Gone meanwhile: a journal, a spool.
