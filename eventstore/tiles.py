"""Tiles: the tree as files of 256 hashes, in the C2SP tlog-tiles format (c2sp.org/tlog-tiles).

A tile (level, index) holds, in order, the hashes of up to 256 perfect subtrees of 256**level leaves each. Full ones
never change: they lie under `tile/` by their paths, to be read by anybody. Partial ones are put together when asked
for. Nothing here is a source: a tile that is missing or torn is made again from the leaf hashes of the log.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from eventstore.merkle import HASH_BYTES, MAX_SIZE, perfect_root

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
FULL_BYTES: Final = WIDTH * HASH_BYTES
MAX_LEVEL: Final = 7  # 256**8 leaves are more than a position can count.
ROOTS_KEPT: Final = 4_096  # Of full tiles: 128 KiB.

Leaves = Callable[[int, int], bytes]
"""(first index, count) → that many leaf hashes, concatenated; fewer at the end of the log."""

_INDEX = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}")
_TAIL = re.compile(r"(.+?)(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(msgspec.Struct, frozen=True):
    """Its place and how many hashes (or, in an entry bundle, entries) it has: 256 is full, 1 to 255 partial."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """The index of its first leaf."""
        return self.index << HEIGHT * (self.level + 1)

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`."""
        return f"tile/{self.level}/{self._tail}"

    @property
    def entries_path(self) -> str:
        """`tile/entries/<N>[.p/<W>]`."""
        return f"tile/entries/{self._tail}"

    @property
    def _tail(self) -> str:
        name = index_path(self.index)
        return name if self.width == WIDTH else f"{name}.p/{self.width}"


def index_path(index: int) -> str:
    """Groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`."""
    text = str(index)
    text = text.zfill(-(-len(text) // 3) * 3)
    groups = [text[at : at + 3] for at in range(0, len(text), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def parse_tile(level: int, tail: str) -> Tile | None:
    """From `<N>[.p/<W>]`; None when it is not exactly what the format writes."""
    match = _TAIL.fullmatch(tail) if len(tail) <= 64 and tail.isascii() else None
    if match is None or not _INDEX.fullmatch(match[1]) or not 0 <= level <= MAX_LEVEL:
        return None
    tile = Tile(level, int(match[1].replace("x", "").replace("/", "")), int(match[2] or WIDTH))
    written = tile._tail  # noqa: SLF001  (its own module)
    return tile if written == tail and tile.start <= MAX_SIZE else None


def hashes_at(level: int, index: int, size: int) -> int:
    """How many hashes the tile (level, index) has in a tree of `size` leaves: 0 to 256."""
    return min(WIDTH, max(0, (size >> HEIGHT * level) - (index << HEIGHT)))


class TileFolder:
    """The full tiles as files. Writing is safe beside readers and other writers: a tile appears whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unsettled: set[Path] = set()  # Folders with names that a power cut could still take back.

    def read(self, level: int, index: int) -> bytes | None:
        """The full tile; None when it is not there, torn, or no file at all."""
        try:
            descriptor = os.open(self._path(level, index), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise
        try:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            data = os.read(descriptor, FULL_BYTES + 1) if regular else b""
        finally:
            os.close(descriptor)
        return data if len(data) == FULL_BYTES else None

    def write(self, level: int, index: int, data: bytes) -> None:
        """Its bytes are on the disk before it has its name: a power cut must not leave one of the right length that
        holds something else. The name is durable after `settle`."""
        if len(data) != FULL_BYTES:
            raise ValueError(f"a full tile has {FULL_BYTES} bytes")
        path = self._path(level, index)
        self._make_folder(path.parent)
        draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fdatasync(file.fileno())
            if path.is_dir() and not path.is_symlink():  # Nobody's tile: kept, out of the way.
                path.rename(draft.with_name(f"{draft.name}.aside"))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        self._unsettled.add(path.parent)

    def settle(self) -> None:
        """What was written is found again after a power cut."""
        while self._unsettled:
            folder = next(iter(self._unsettled))
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._unsettled.discard(folder)

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            self._unsettled.add(folder.parent)

    def _path(self, level: int, index: int) -> Path:
        return self._folder / Tile(level, index).path


class Tree:
    """The log's tree, over full tiles where they are and leaf hashes where not. It asks for no leaf past the size that
    a call names. One thread at a time."""

    def __init__(self, folder: TileFolder, leaves: Leaves) -> None:
        self._folder = folder
        self._leaves = leaves
        self._tile_root = functools.lru_cache(ROOTS_KEPT)(self._root_of_full)

    def tile(self, tile: Tile) -> bytes:
        """Its hashes, 32 bytes each. ValueError when the log has fewer leaves than it covers."""
        if tile.width == WIDTH:
            return self._full(tile.level, tile.index)
        return self._made(tile.level, tile.index, tile.width)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a perfect subtree. ValueError when the log has fewer leaves."""
        at, above = divmod(level, HEIGHT)
        first = index << above
        tile, offset = first >> HEIGHT, first % WIDTH
        width = 1 << above
        whole = self._folder.read(at, tile)
        hashes = self._some(at, first, width) if whole is None else whole[offset * HASH_BYTES :][: width * HASH_BYTES]
        return perfect_root(cut(hashes))

    def materialise(self, old: int, new: int) -> int:
        """Writes the full tiles that a tree of `new` leaves has and one of `old` had not, durably; how many."""
        written = 0
        for level in range(MAX_LEVEL + 1):
            span = HEIGHT * (level + 1)
            for index in range(old >> span, new >> span):
                self._folder.write(level, index, self._made(level, index, WIDTH))
                written += 1
        self._folder.settle()
        return written

    def _full(self, level: int, index: int) -> bytes:
        return self._folder.read(level, index) or self._made(level, index, WIDTH)

    def _made(self, level: int, index: int, width: int) -> bytes:
        return self._some(level, index << HEIGHT, width)

    def _some(self, level: int, first: int, count: int) -> bytes:
        """`count` hashes of perfect subtrees of 256**level leaves, from below."""
        if level == 0:
            return self._made_leaves(first, count)
        return b"".join([self._tile_root(level - 1, first + step) for step in range(count)])

    def _made_leaves(self, first: int, count: int) -> bytes:
        data = self._leaves(first, count)
        if len(data) != count * HASH_BYTES:
            raise ValueError(f"the log has no {count} leaves from {first} on")
        return data

    def _root_of_full(self, level: int, index: int) -> bytes:
        return perfect_root(cut(self._full(level, index)))


def cut(hashes: bytes) -> list[bytes]:
    """Into one hash each."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
