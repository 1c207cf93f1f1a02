"""`strongroom log export`: everything that is published of the log as static files, for any web server or auditor.

Made from the rows and held against the published checkpoint before that is written, last of all: a folder with a
checkpoint is whole. An export that was cut off goes on where it was; one of an earlier checkpoint is continued.
"""

from __future__ import annotations

import os
from pathlib import Path

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import Checkpoint, open_checkpoint
from eventstore.merkle import perfect_root
from eventstore.note import MAX_NOTE_BYTES, NoteInvalid, VerifierKey, parse_key
from eventstore.tiles import FULL_BYTES, WIDTH, Tile, cut, hashes_at
from eventstore.verify.envelopes import leaf_hashes
from eventstore.verify.files import FileRefused, read_small
from eventstore.verify.reading import AuditReader, audit_reader
from eventstore.verify.tree import Growth
from eventstore.verify.verdict import Show
from service.machine.layout import Layout, sync_folder


class ExportRefused(RuntimeError):
    """Nothing, or no checkpoint, was written, and why: one line."""


def export(layout: Layout, target: Path, show: Show) -> Checkpoint:
    """What was exported. ExportRefused, DatabaseRefused, OSError."""
    key, data, checkpoint = _published(layout)
    earlier = _earlier(target, key)
    _require_continued(layout, target, earlier, checkpoint)
    target.mkdir(parents=True, exist_ok=True)
    growth = Growth(lambda tile, hashes: _put(target / tile.path, hashes))
    with audit_reader(layout.events) as reader:
        for index in range(-(-checkpoint.size // WIDTH)):
            tile = Tile(0, index, hashes_at(0, index, checkpoint.size))
            _export_tile(reader, target, tile, growth)
            show(growth.size, checkpoint.size)
    for tile, hashes in growth.open_tiles():
        _put(target / tile.path, hashes)
    if growth.root() != checkpoint.root:
        raise ExportRefused("the rows do not lead to the published checkpoint: `strongroom log verify` says where")
    _put(target / "key", f"{key}\n".encode())
    os.sync()  # Not one by one: thousands of files.
    _put(target / "checkpoint", data)
    sync_folder(target)
    return checkpoint


def _published(layout: Layout) -> tuple[VerifierKey, bytes, Checkpoint]:
    try:
        key_data = read_small(layout.log_key, MAX_NOTE_BYTES)
        data = read_small(layout.checkpoint, MAX_NOTE_BYTES)
        if key_data is None or data is None:
            raise ExportRefused("nothing is published yet: the log has no key or no checkpoint")
        key = parse_key(key_data.decode().removesuffix("\n"))
        return key, data, open_checkpoint(data, key)[0]
    except (FileRefused, ValueError) as error:
        raise ExportRefused(f"the published checkpoint cannot be used: {error}") from None


def _earlier(target: Path, key: VerifierKey) -> Checkpoint | None:
    """Of the export that the folder has."""
    try:
        there = read_small(target / "checkpoint", MAX_NOTE_BYTES)
        return None if there is None else open_checkpoint(there, key)[0]
    except (FileRefused, NoteInvalid) as error:
        raise ExportRefused(f"{target} holds something else: its checkpoint is not of this log ({error})") from None


def _require_continued(layout: Layout, target: Path, earlier: Checkpoint | None, checkpoint: Checkpoint) -> None:
    """Before a file is touched. Two histories signed by one key are evidence against whoever holds it: the rows, not
    the tiles made of them, must lead to the earlier root."""
    if earlier is None:
        return
    if earlier.size > checkpoint.size:
        raise ExportRefused(f"{target} holds a later checkpoint, of {earlier.size} positions")
    growth = Growth(lambda _tile, _hashes: None)
    with audit_reader(layout.events) as reader:
        for index in range(-(-earlier.size // WIDTH)):
            tile = Tile(0, index, hashes_at(0, index, earlier.size))
            _grow(growth, b"".join(leaf_hashes(_entries(reader, tile))))
    if growth.root() != earlier.root:
        raise ExportRefused(
            f"{target} holds another history, signed by the same key: its first {earlier.size} positions are not those"
            " of this log. Keep it, it is evidence; export to another folder"
        )


def _entries(reader: AuditReader, tile: Tile) -> list[bytes]:
    entries = reader.envelopes(tile.start, tile.width)
    if len(entries) != tile.width or not all(isinstance(entry, bytes) for entry in entries):
        raise ExportRefused(f"rows from position {tile.start + 1} on are missing: `strongroom log verify` says where")
    return entries


def _export_tile(reader: AuditReader, target: Path, tile: Tile, growth: Growth) -> None:
    entries = _entries(reader, tile)
    try:
        bundle = encode_bundle(entries)
    except OverflowError:
        raise ExportRefused(f"an entry from position {tile.start + 1} on is too long") from None
    leaves = b"".join(leaf_hashes(entries))
    _put(target / tile.entries_path, bundle)
    _put(target / tile.path, leaves)
    _grow(growth, leaves)


def _grow(growth: Growth, leaves: bytes) -> None:
    if len(leaves) == FULL_BYTES:
        growth.add(perfect_root(cut(leaves)), b"", {})
    else:
        growth.add(b"", leaves, {})


def _put(path: Path, data: bytes) -> None:
    """Whole or not at all; one that is there already with the same bytes stays."""
    try:
        if read_small(path, len(data)) == data:
            return
    except FileRefused:
        pass  # Something else: replaced, if it is a file.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
