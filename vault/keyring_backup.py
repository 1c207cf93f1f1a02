"""Copies of the keyring, and of the uploads under way beside it, as they are at one moment.

Both have rollback journals: while a snapshot is open, whoever writes waits at his commit. So they are copied first, at
the speed of memory, and made durable after they have been let go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import apsw

from vault.errors import KeyringCorrupt, KeyringFull, VaultError
from vault.keyring import BLOB_KEY_COLUMNS, BlobKeyRow
from vault.keyring_schema import Patience, open_database

PAGE: Final = 1_000


class KeyringBusy(VaultError):
    """The keyring cannot be read just now."""


class Snapshot:
    """The database as it was when this was made; its writers wait until it is left."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # From here on it is fixed.

    def copy_to(self, path: Path) -> None:
        """One file, complete, mode 0600; not yet durable. KeyringFull when the disk refuses."""
        try:
            with closing(apsw.Connection(str(path))) as copy:
                # No journal: what is half written is thrown away, and never what it replaces.
                copy.execute("PRAGMA synchronous = OFF")
                copy.execute("PRAGMA journal_mode = OFF").fetchall()
                with copy.backup("main", self._connection, "main") as backup:
                    backup.step()
        except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
            raise KeyringFull(f"the keyring cannot be copied: {error}") from error


@contextmanager
def snapshot(path: Path) -> Iterator[Snapshot]:
    """Of `keyring.db` or `uploads.db`. KeyringBusy."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_handler(Patience())
        try:
            connection.execute("PRAGMA query_only = ON; BEGIN")
            fixed = Snapshot(connection)
        except apsw.BusyError as error:
            raise KeyringBusy(f"{path.name} is being written all the time") from error
        yield fixed


class KeyringCopy:
    """A copied keyring that nobody else has open: what it names, and taking out what was forgotten meanwhile."""

    def __init__(self, path: Path) -> None:
        """KeyringCorrupt for anything else."""
        try:
            self._connection = open_database(path)
        except apsw.Error as error:
            raise KeyringCorrupt(f"{path.name} is damaged: {error}") from error

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def generation(self) -> int:
        """How often the keyring had been written."""
        row = self._connection.execute("SELECT generation FROM server").fetchone()
        return row[0] if row else 0

    def require_sound(self) -> None:
        """KeyringCorrupt when a page of it is damaged."""
        try:
            said = [str(line) for (line,) in self._connection.execute("PRAGMA integrity_check(1)")]
        except apsw.Error as error:
            said = [str(error)]
        if said != ["ok"]:
            raise KeyringCorrupt(f"the keyring is damaged: {said[0]}")

    def count_blob_rows(self) -> int:
        row = self._connection.execute("SELECT count(*) FROM blob_key").fetchone()
        return row[0] if row else 0

    def blob_rows(self) -> Iterator[BlobKeyRow]:
        """In order of the blob, then of the file."""
        blob_id = file_id = ""
        while True:
            rows: list[Any] = self._connection.execute(
                f"SELECT {BLOB_KEY_COLUMNS} FROM blob_key WHERE (blob_id, file_id) > (?, ?)"  # noqa: S608  (a constant)
                " ORDER BY blob_id, file_id LIMIT ?",
                (blob_id, file_id, PAGE),
            ).fetchall()
            yield from (BlobKeyRow(*row) for row in rows)
            if len(rows) < PAGE:
                return
            file_id, blob_id = rows[-1][0], rows[-1][2]

    def has_blob_key(self, file_id: str) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM blob_key WHERE file_id = ?", (file_id,)).fetchall())

    def has_spool_key(self, file_id: str) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM spool_key WHERE file_id = ?", (file_id,)).fetchall())

    def spooled_files(self) -> Iterator[tuple[str, str]]:
        """(file id, user id) of files that are not stored or analysed yet, in order of id."""
        sql, after = "SELECT file_id, user_id FROM spool_key WHERE file_id > ? ORDER BY file_id LIMIT ?", ""
        while True:
            rows: list[Any] = self._connection.execute(sql, (after, PAGE)).fetchall()
            yield from ((file_id, user_id) for file_id, user_id in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def forget_files(self, file_ids: Sequence[str]) -> None:
        """What the living keyring has destroyed since the copy was made."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for file_id in file_ids:
                self._connection.execute("DELETE FROM stream_key WHERE stream = ?", (f"file-{file_id}",))
                for table in ("spool_key", "content_tag", "blob_key"):
                    self._connection.execute(f"DELETE FROM {table} WHERE file_id = ?", (file_id,))  # noqa: S608  (a constant)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
