"""Auditing a data folder, or a copy of one: rows → tiles → root → signatures, with nothing but a public key.

It is only read: no server key is needed, and a living log may go on growing meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import apsw

from eventstore.note import MAX_NOTE_BYTES, Note, NoteInvalid, VerifierKey, parse_key
from eventstore.tiles import HEIGHT, Tile
from eventstore.verify.checkpoints import Anchor, Policy, open_anchor, require_order, require_roots, require_witnesses
from eventstore.verify.crew import Crew, processes
from eventstore.verify.database import DatabaseRefused, reading
from eventstore.verify.files import FileRefused, read_small
from eventstore.verify.indexes import BY_REQUEST, INDEXES, count_entries
from eventstore.verify.rows import SPAN, Task, Walked, stored_tile, walk_rows
from eventstore.verify.tree import Growth, compare_tile
from eventstore.verify.verdict import Finding, Findings, Show, Verdict, at

HANDS_FROM: Final = 100_000  # Rows from which processes of their own are worth their start.


def verify_folder(data: Path, policy: Policy, show: Show, hands: int = 1) -> Verdict:
    """`hands`: processes that may work at once. Raises nothing for what the folder is like."""
    return _Audit(data, policy, show, hands).verdict()


class _Audit:
    def __init__(self, data: Path, policy: Policy, show: Show, hands: int) -> None:
        self._data = data
        self._log = data / "log"
        self._events = data / "events.db"
        self._policy = policy
        self._show = show
        self._hands = hands
        self._findings = Findings()
        self._notes: list[str] = []
        self._on_trust = False
        self._missing = 0
        self._requests = 0
        self._size = 0
        self._growth = Growth(self._compare)

    def verdict(self) -> Verdict:
        key = self._key()
        published, anchors = self._anchors(key)
        self._size = published.checkpoint.size if published else 0
        checked = 0
        try:
            head = self._head()
            checked = self._rows(head, anchors)
        except (DatabaseRefused, apsw.Error) as refused:
            self._findings.add(Finding("events.db", str(refused)))
        except BrokenProcessPool:
            self._findings.add(Finding("events.db", "a process that was reading it died"))
        require_roots(anchors, self._growth.roots, self._findings)
        size = published.checkpoint.size if published else -1
        if self._missing:
            self._notes.append(f"{self._missing} full tiles are not there; they are made from the rows when asked for")
        return Verdict(
            source=str(self._data),
            origin=key.name if key else "",
            key=str(key) if key else "",
            key_on_trust=self._on_trust,
            size=size,
            root=published.checkpoint.root.hex() if published else "",
            checked=checked,
            unsigned=max(0, checked - max(0, size)),
            findings=self._findings.listed(),
            more_findings=self._findings.more,
            notes=tuple(self._notes),
        )

    def _key(self) -> VerifierKey | None:
        data = self._read("log/key", self._log / "key")
        found = None
        if data is not None:
            try:
                found = parse_key(data.decode().removesuffix("\n"))
            except (NoteInvalid, UnicodeDecodeError) as invalid:
                self._findings.add(Finding("log/key", str(invalid)))
        if self._policy.key is None:
            self._on_trust = found is not None
            if data is None:
                self._findings.add(Finding("log/key", "is missing, and no other key was given"))
            return found
        if found is not None and found != self._policy.key:
            self._findings.add(Finding("log/key", f"is another key than the one given: {found}"))
        return self._policy.key

    def _anchors(self, key: VerifierKey | None) -> tuple[Anchor | None, list[Anchor]]:
        """The published checkpoint, and all that the tree must lead to."""
        if key is None:
            return None, []
        published, note = self._anchor("log/checkpoint", key)
        signed, signed_note = self._anchor("log/signed", key)
        if published is None and signed is not None and not (self._log / "checkpoint").exists():
            self._notes.append("log/checkpoint is missing; log/signed, the last one signed, is taken for it")
            published, note = signed, signed_note
        if published is None and not any(each.where == "log/checkpoint" for each in self._findings.listed()):
            self._findings.add(Finding("log/checkpoint", "is missing: nothing says which history was signed"))
        older = None
        if self._policy.since is not None:
            opened = open_anchor("the older checkpoint", self._policy.since, key, self._findings)
            older = None if opened is None else Anchor(opened[0].name, opened[0].checkpoint, older=True)
        anchors = [anchor for anchor in (published, signed, older) if anchor is not None]
        if published is not None and note is not None:
            require_witnesses(note, self._policy, self._findings)
            require_order(published.checkpoint, anchors, self._findings)
            if signed is not None and signed.checkpoint.size < published.checkpoint.size:
                what = f"has {signed.checkpoint.size} positions, fewer than the published checkpoint"
                self._findings.add(Finding("log/signed", what))
        return published, anchors

    def _anchor(self, name: str, key: VerifierKey) -> tuple[Anchor | None, Note | None]:
        data = self._read(name, self._data / name)
        opened = None if data is None else open_anchor(name, data, key, self._findings)
        return opened or (None, None)

    def _read(self, name: str, path: Path) -> bytes | None:
        try:
            return read_small(path, MAX_NOTE_BYTES)
        except FileRefused as refused:
            self._findings.add(Finding(name, str(refused)))
            return None

    def _head(self) -> int:
        with reading(self._events) as connection:
            row = connection.execute("SELECT max(position) FROM events").fetchone()
        return row[0] if row and isinstance(row[0], int) else 0

    def _rows(self, head: int, anchors: list[Anchor]) -> int:
        """How many positions were looked at, from 1 on."""
        sizes = tuple(sorted({anchor.checkpoint.size for anchor in anchors}))
        with processes(self._hands if head >= HANDS_FROM else 1) as crew:
            complete = self._walk(crew, self._tasks(head, sizes), head)
        if complete:
            self._count_entries(head)
        reached = self._growth.size
        for anchor in anchors:
            if complete and anchor.checkpoint.size > reached:
                what = f"the row is missing: {anchor.name} covers {anchor.checkpoint.size} positions"
                self._findings.add(at(reached + 1, what))
        return reached

    def _count_entries(self, head: int) -> None:
        for index in INDEXES:
            rows = self._requests if index == BY_REQUEST else head
            entries = count_entries(self._events, index, head, self._findings)
            if entries is not None and entries != rows:
                self._findings.add(Finding(index.name, f"has {entries} entries for {rows} rows"))

    def _tasks(self, head: int, sizes: tuple[int, ...]) -> Iterator[Task]:
        for first in range(0, max(head, 1), SPAN):
            last = min(first + SPAN, head)
            cuts = tuple(each for each in sizes if first <= each <= last)
            yield Task(self._events, self._log, first, last, self._size, cuts)

    def _walk(self, crew: Crew, tasks: Iterator[Task], head: int) -> bool:
        """Whether it came to the end; a row that is missing ends it before."""
        latest_us, done = 0, 0
        walked: Walked
        for walked in crew.each(walk_rows, tasks):
            self._growth.add(walked.tile_roots, walked.tail, walked.cuts)
            self._findings.extend(walked.findings)
            if walked.count and walked.first_us < latest_us:
                self._findings.add(at(done + 1, "its time is before that of the row before it"))
            latest_us = max(latest_us, walked.last_us)
            self._missing += walked.missing_tiles
            self._requests += walked.requests
            expected = min(SPAN, head - done)
            done += walked.count
            self._show(done, head)
            if walked.count != expected:
                self._notes.append(f"what follows position {done} was not checked, since the tree ends there")
                return False
        return True

    def _compare(self, tile: Tile, made: bytes) -> None:
        stored = stored_tile(self._log, tile, self._findings)
        if stored is None:
            self._missing += (tile.index + 1) << HEIGHT * (tile.level + 1) <= self._size  # Above it, none is asked for.
        elif (found := compare_tile(tile, stored, made)) is not None:
            self._findings.add(found)
