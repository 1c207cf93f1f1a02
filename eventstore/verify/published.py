"""Auditing a log as it is published (c2sp.org/tlog-tiles): an exported folder, or the same files behind a URL.

Bottom up again: entry bundles → leaf hashes → level-0 tiles → the tiles above → root → signature. What an entry says of
itself is checked; that the versions of a stream follow each other is not, since that would take memory for every
stream: the data folder's audit does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec

from eventstore.bundles import LENGTH_BYTES
from eventstore.checkpoint import Checkpoint
from eventstore.merkle import HASH_BYTES, perfect_root
from eventstore.note import MAX_NOTE_BYTES, VerifierKey
from eventstore.record import MAX_ENVELOPE_BYTES
from eventstore.tiles import FULL_BYTES, WIDTH, Tile, cut, hashes_at
from eventstore.verify.checkpoints import Anchor, Policy, open_anchor, require_order, require_roots, require_witnesses
from eventstore.verify.crew import Crew
from eventstore.verify.envelopes import EnvelopeFault, leaf_hashes, open_envelope, open_page
from eventstore.verify.files import FileRefused, read_small
from eventstore.verify.tree import Growth, compare_tile
from eventstore.verify.verdict import Finding, Findings, Show, Verdict, at

Gather = Callable[[int], AbstractContextManager[Crew]]
"""How many positions there are → who works on them."""


class Source(Protocol):
    """Where the files are. Used from several threads, or pickled into several processes."""

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """None when there is none. FileRefused: it cannot be had, and why."""


class FolderSource(msgspec.Struct, frozen=True):
    folder: Path

    def read(self, path: str, most_bytes: int) -> bytes | None:
        return read_small(self.folder / path, most_bytes)


class Piece(msgspec.Struct, frozen=True):
    """A level-0 tile and its bundle."""

    source: Source
    tile: Tile


class Checked(msgspec.Struct, frozen=True):
    """`leaves`: of the entries; of the tile, where there are no entries; empty when there is neither."""

    tile: Tile
    leaves: bytes
    first_us: int
    last_us: int
    findings: tuple[Finding, ...]
    has_entries: bool = True


def verify_static(name: str, source: Source, key: VerifierKey, policy: Policy, show: Show, crew: Gather) -> Verdict:
    """Raises nothing for what the source is like. `name`: how the verdict calls it."""
    return _Audit(source, key, policy, show).verdict(name, crew)


def read_tile(source: Source, path: str, whole: str, entry_bytes: int, width: int) -> bytes | None:
    """A tile or bundle; a partial one that has gone since is looked for in the full one, as the specification has it.
    FileRefused."""
    data = source.read(path, entry_bytes * width)
    if data is None and path != whole:
        data = source.read(whole, entry_bytes * WIDTH)
        if data is not None and entry_bytes == HASH_BYTES:
            data = data[: width * HASH_BYTES]
    return data


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Its first `width` entries. FileRefused: says at which entry it breaks off."""
    entries: list[bytes] = []
    offset = 0
    while offset < len(data) and len(entries) < WIDTH:
        start = offset + LENGTH_BYTES
        offset = start + int.from_bytes(data[offset:start])
        if offset > len(data) or start > len(data):
            raise FileRefused(f"breaks off within entry {len(entries)}")
        entries.append(data[start:offset])
    if offset < len(data):
        raise FileRefused(f"has more than {WIDTH} entries")
    if len(entries) not in (width, WIDTH):
        raise FileRefused(f"has {len(entries)} entries, not {width}")
    return entries[:width]


def check_piece(piece: Piece) -> Checked:
    """Never raises for what the source is like."""
    tile, findings = piece.tile, Findings()
    entries = _entries(piece.source, tile, findings)
    stored = _tile(piece.source, tile, findings)
    if entries is None:
        whole = stored is not None and len(stored) == tile.width * HASH_BYTES
        return Checked(tile, stored or b"" if whole else b"", 0, 0, findings.listed(), has_entries=False)
    first_us, last_us = _judge(entries, tile.start, findings)
    leaves = b"".join(leaf_hashes(entries))
    if stored is not None and (found := compare_tile(tile, stored, leaves)) is not None:
        findings.add(found)
    return Checked(tile, leaves, first_us, last_us, findings.listed())


def _entries(source: Source, tile: Tile, findings: Findings) -> list[bytes] | None:
    path, whole = tile.entries_path, Tile(0, tile.index).entries_path
    try:
        data = read_tile(source, path, whole, LENGTH_BYTES + MAX_ENVELOPE_BYTES, tile.width)
        if data is not None:
            return parse_bundle(data, tile.width)
        findings.add(Finding(path, "is missing", tile.start + 1))
    except FileRefused as refused:
        findings.add(Finding(path, str(refused), tile.start + 1))
    return None


def _tile(source: Source, tile: Tile, findings: Findings) -> bytes | None:
    try:
        data = read_tile(source, tile.path, Tile(tile.level, tile.index).path, HASH_BYTES, tile.width)
    except FileRefused as refused:
        findings.add(Finding(tile.path, str(refused), tile.start + 1))
        return None
    if data is None:
        findings.add(Finding(tile.path, "is missing", tile.start + 1))
    return data


def _judge(entries: list[bytes], start: int, findings: Findings) -> tuple[int, int]:
    """The entries' own words. The first and last time that they tell."""
    opened = open_page(entries)
    if opened is not None:
        told = [(each.position, each.at_us) for each in opened]
    else:
        told = []
        for position, entry in enumerate(entries, start + 1):
            try:
                one = open_envelope(entry)
                told.append((one.position, one.at_us))
            except EnvelopeFault as fault:
                findings.add(at(position, str(fault)))
                told.append((position, told[-1][1] if told else 0))
    latest_us = 0
    for position, (said, at_us) in enumerate(told, start + 1):
        if said != position:
            findings.add(at(position, f"the envelope is that of position {said}"))
        if at_us < latest_us:
            findings.add(at(position, "its time is before that of the entry before it"))
        latest_us = at_us
    return told[0][1], told[-1][1]


class _Audit:
    def __init__(self, source: Source, key: VerifierKey, policy: Policy, show: Show) -> None:
        self._source = source
        self._key = key
        self._policy = policy
        self._show = show
        self._findings = Findings()
        self._notes: list[str] = []
        self._growth = Growth(self._compare)

    def verdict(self, name: str, crew: Gather) -> Verdict:
        published, anchors = self._anchors()
        if published is not None:
            try:
                with crew(published.size) as hands:
                    self._walk(hands, published, tuple(sorted({each.checkpoint.size for each in anchors})))
            except BrokenProcessPool:
                self._findings.add(Finding(name, "a process that was reading it died"))
            require_roots(anchors, self._growth.roots, self._findings)
        return Verdict(
            source=name,
            origin=self._key.name,
            key=str(self._key),
            key_on_trust=False,
            size=-1 if published is None else published.size,
            root="" if published is None else published.root.hex(),
            checked=self._growth.size,
            unsigned=0,
            findings=self._findings.listed(),
            more_findings=self._findings.more,
            notes=tuple(self._notes),
        )

    def _anchors(self) -> tuple[Checkpoint | None, list[Anchor]]:
        published = note = None
        try:
            data = self._source.read("checkpoint", MAX_NOTE_BYTES)
            if data is None:
                self._findings.add(Finding("checkpoint", "is missing: nothing says which history was signed"))
            elif (opened := open_anchor("checkpoint", data, self._key, self._findings)) is not None:
                published, note = opened
        except FileRefused as refused:
            self._findings.add(Finding("checkpoint", str(refused)))
        older = None
        if self._policy.since is not None:
            found = open_anchor("the older checkpoint", self._policy.since, self._key, self._findings)
            older = None if found is None else Anchor(found[0].name, found[0].checkpoint, older=True)
        anchors = [anchor for anchor in (published, older) if anchor is not None]
        if published is None or note is None:
            return None, anchors
        require_witnesses(note, self._policy, self._findings)
        require_order(published.checkpoint, anchors, self._findings)
        return published.checkpoint, anchors

    def _walk(self, crew: Crew, published: Checkpoint, sizes: tuple[int, ...]) -> None:
        latest_us = 0
        if published.size == 0:
            self._growth.add(b"", b"", {0: b""})
        for checked in crew.each(check_piece, self._pieces(published.size)):
            tile = checked.tile
            self._findings.extend(checked.findings)
            if not checked.leaves:
                self._notes.append(f"what follows position {tile.start} was not checked, since the tree ends there")
                return
            if checked.has_entries and checked.first_us < latest_us:
                what = "its time is before that of the entry before it"
                self._findings.add(at(tile.start + 1, what))
            latest_us = max(latest_us, checked.last_us)
            self._grow(tile, checked.leaves, sizes)
            self._show(self._growth.size, published.size)
        for open_tile, made in self._growth.open_tiles():
            self._compare(open_tile, made)

    def _pieces(self, size: int) -> Iterator[Piece]:
        for index in range(-(-size // WIDTH)):
            tile = Tile(0, index, hashes_at(0, index, size))
            yield Piece(self._source, tile)

    def _grow(self, tile: Tile, leaves: bytes, sizes: tuple[int, ...]) -> None:
        inside = [size for size in sizes if tile.start <= size <= tile.start + tile.width]
        cuts = {size: b"" if size % WIDTH == 0 else leaves[: (size - tile.start) * HASH_BYTES] for size in inside}
        if len(leaves) == FULL_BYTES:
            self._growth.add(perfect_root(cut(leaves)), b"", cuts)
        else:
            self._growth.add(b"", leaves, cuts)

    def _compare(self, tile: Tile, made: bytes) -> None:
        stored = _tile(self._source, tile, self._findings)
        if stored is not None and (found := compare_tile(tile, stored, made)) is not None:
            self._findings.add(found)
