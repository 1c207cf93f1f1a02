"""Which blobs a log and a keyring of one moment name, in the order of their ids: what a backup has to hold.

Only those of files that the log calls stored: from then on a blob is never touched again, so that one that an earlier
backup has under the same name is the same. A blob without its event is made anew from its spool.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from domain import file
from domain.events import AudioAnalysed, FileEvent, FileStored, ImageAnalysed
from eventstore.log import Log
from service.house.facts import fold, to_fact
from service.machine.layout import Layout
from vault.keyring import BlobKeyRow
from vault.keyring_backup import KeyringCopy
from vault.keys import is_committed

_HERE: Final = Layout(Path())  # Of paths in a data folder, wherever that lies.


class NamedBlob(msgspec.Struct, frozen=True):
    """`rows`: of the stored files whose bytes it is. `renditions`: what the log says was derived from it, sorted."""

    blob_id: str
    rows: tuple[BlobKeyRow, ...]
    stored: FileStored
    renditions: tuple[str, ...]

    def is_original(self, sha256: str) -> bool:
        """Whether bytes of this hash are those that were stored."""
        return is_committed(self.stored.commitment, self.rows[0].salt, bytes.fromhex(sha256))

    @property
    def paths(self) -> Iterator[tuple[str, str]]:
        """(rendition, path in a data folder), "" for the blob itself first."""
        for name in ("", *self.renditions):
            yield name, str(_HERE.blob_file(self.blob_id, name))


def order(path: str) -> tuple[str, str]:
    """(blob id, rendition): how the paths follow each other."""
    blob_id, _, rendition = path.rpartition("/")[2].removesuffix(".blob").partition(".")
    return blob_id, rendition


def named_blobs(keys: KeyringCopy, log: Log, head: int) -> Iterator[NamedBlob]:
    """`head`: events after that position do not count. LogError."""
    for blob_id, rows in groupby(keys.blob_rows(), key=lambda row: row.blob_id):
        stored: FileStored | None = None
        owners: list[BlobKeyRow] = []
        renditions: set[str] = set()
        for row in rows:
            found = _stored(log, row, head)
            if found is not None:
                owners.append(row)
                stored = stored or found[0]
                renditions |= found[1]
        if stored is not None:
            yield NamedBlob(blob_id, tuple(owners), stored, tuple(sorted(renditions)))


def is_waiting(log: Log, file_id: str) -> bool:
    """Whether the log calls it uploaded, and neither stored nor failed nor deleted: then its bytes lie in its spool."""
    events = [to_fact(record).event for record in log.read_stream(f"file-{file_id}")]
    return fold(file.evolve, file.State(), FileEvent, events).status == "processing"


def _stored(log: Log, row: BlobKeyRow, head: int) -> tuple[FileStored, frozenset[str]] | None:
    """What was recorded, and the names of what was derived; None unless the file is stored and not deleted."""
    records = (record for record in log.read_stream(f"file-{row.file_id}") if record.position <= head)
    events = [to_fact(record).event for record in records]
    if fold(file.evolve, file.State(), FileEvent, events).status != "ready":
        return None
    stored: FileStored | None = None
    renditions: set[str] = set()
    for event in events:
        match event:
            case FileStored():
                stored = event
            case AudioAnalysed(renditions=names) | ImageAnalysed(renditions=names):
                renditions.update(names)
            case _:
                pass
    return None if stored is None else (stored, frozenset(renditions))
