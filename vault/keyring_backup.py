"""Copies of the keyring, and of the uploads under way beside it, as they are at one moment.

Both have rollback journals: while a snapshot is open, whoever writes waits at his commit, and once he waits, whoever
reads does, too. So they are copied first, onto the disk that they lie on, and made durable after they have been let go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import apsw
import msgspec

from vault import keyring_revived
from vault.errors import KeyringBusy, KeyringCorrupt, KeyringFull
from vault.keyring import BLOB_KEY_COLUMNS, BlobKeyRow
from vault.keyring_revived import Told
from vault.keyring_schema import Patience, open_as_it_is, open_database
from vault.keyring_tables import SCHEMA_VERSION

PAGE: Final = 1_000


class Gone(msgspec.Struct, frozen=True):
    """How many of each an older copy had, and a newer one no longer has."""

    accounts: int = 0
    streams: int = 0
    passkeys: int = 0

    @property
    def any(self) -> bool:
        return bool(self.accounts or self.streams or self.passkeys)


class Snapshot:
    """The database as it was when this was made; its writers wait until it is left."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # From here on it is fixed.

    def copy_to(self, path: Path) -> None:
        """One file, complete; not yet durable. KeyringFull when the disk refuses, KeyringCorrupt."""
        with telling_damage(), closing(apsw.Connection(str(path))) as copy:
            # No journal: what is half written is thrown away, and never what it replaces.
            copy.execute("PRAGMA synchronous = OFF")
            copy.execute("PRAGMA journal_mode = OFF").fetchall()
            with copy.backup("main", self._connection, "main") as backup:
                backup.step()

    def in_memory(self) -> KeyringCopy:
        """The same without a file, as large as the keyring."""
        with telling_damage():
            copy = apsw.Connection(":memory:")
            try:
                with copy.backup("main", self._connection, "main") as backup:
                    backup.step()
            except BaseException:
                copy.close()
                raise
        return KeyringCopy(copy)


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


@contextmanager
def telling_damage() -> Iterator[None]:
    """SQLite's errors as this room's, so that nobody above needs to know apsw."""
    try:
        yield
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        raise KeyringFull(f"the keyring cannot be copied: {error}") from error
    except apsw.BusyError as error:
        raise KeyringBusy("the keyring is being written all the time") from error
    except apsw.Error as error:
        raise KeyringCorrupt(f"the keyring is damaged: {error}") from error


class KeyringCopy:
    """A keyring to be looked through, and, where it is a copy that nobody else has open, to take things out of."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @classmethod
    def of(cls, path: Path) -> Self:
        """Lifted to today's schema. KeyringCorrupt for anything else."""
        with telling_damage():
            return cls(open_database(path))

    @classmethod
    def beside(cls, path: Path) -> Self:
        """One that others have open, or that must stay as it is: nothing can be changed. KeyringCorrupt."""
        opened = open_as_it_is(path)
        if opened is None:
            raise KeyringCorrupt(f"{path.name} is empty")
        return cls(opened[0])

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def outdated(self) -> bool:
        """Whether its schema is an older one, which a start lifts."""
        return bool(self._rows("PRAGMA user_version")[0][0] != SCHEMA_VERSION)

    @property
    def generation(self) -> int:
        """How often the keyring had been written."""
        if self.outdated:
            return 0
        rows = self._rows("SELECT generation FROM server")
        return int(rows[0][0]) if rows else 0

    def require_sound(self) -> None:
        """KeyringCorrupt when a page of it is damaged."""
        said = [str(line) for (line,) in self._rows("PRAGMA integrity_check(1)")]
        if said != ["ok"]:
            raise KeyringCorrupt(f"the keyring is damaged: {' '.join(said[0].split())}")

    def blob_rows(self) -> Iterator[BlobKeyRow]:
        """In order of the blob, then of the file."""
        blob_id = file_id = ""
        while True:
            rows = self._rows(
                f"SELECT {BLOB_KEY_COLUMNS} FROM blob_key WHERE (blob_id, file_id) > (?, ?)"  # noqa: S608  (a constant)
                " ORDER BY blob_id, file_id LIMIT ?",
                (blob_id, file_id, PAGE),
            )
            yield from (BlobKeyRow(*row) for row in rows)
            if len(rows) < PAGE:
                return
            file_id, blob_id = rows[-1][0], rows[-1][2]

    def has_blob_key(self, file_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM blob_key WHERE file_id = ?", (file_id,)))

    def has_spool_key(self, file_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM spool_key WHERE file_id = ?", (file_id,)))

    def spooled_files(self) -> Iterator[tuple[str, str]]:
        """(file id, user id) of files that are not stored or analysed yet, in order of id."""
        sql, after = "SELECT file_id, user_id FROM spool_key WHERE file_id > ? ORDER BY file_id LIMIT ?", ""
        while True:
            rows = self._rows(sql, (after, PAGE))
            yield from ((file_id, user_id) for file_id, user_id in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    # -- beside the log --------------------------------------------------------------------------------------------

    def account_ids(self, after: str, limit: int) -> list[str]:
        with telling_damage():
            return keyring_revived.account_ids(self._connection, after, limit)

    def absent_accounts(self, user_ids: Sequence[str]) -> list[str]:
        """Those of them that are not here."""
        with telling_damage():
            return keyring_revived.absent_accounts(self._connection, user_ids)

    def lags(self, user_id: str, told: Told) -> bool:
        """Whether the log, as it was read before this was copied, knows of something that is not here."""
        with telling_damage():
            return keyring_revived.lags(self._connection, user_id, told)

    def session_ids(self, after: str, limit: int) -> list[str]:
        with telling_damage():
            return keyring_revived.session_ids(self._connection, after, limit)

    def token_ids(self, after: str, limit: int) -> list[str]:
        with telling_damage():
            return keyring_revived.token_ids(self._connection, after, limit)

    # -- of one that nobody else has open --------------------------------------------------------------------------

    def forget_files(self, file_ids: Sequence[str]) -> None:
        """What the living keyring has destroyed since the copy was made."""
        if not file_ids:
            return
        with self._changing():
            for file_id in file_ids:
                self._connection.execute("DELETE FROM stream_key WHERE stream = ?", (f"file-{file_id}",))
            self._drop_what_hangs_loose()

    def forget_gone(self, newer: KeyringCopy) -> Gone:
        """What `newer` no longer has was destroyed since this copy was made, and stays so."""
        with self._changing():
            gone = {
                table: self._forget(table, key, newer)
                for table, key in (("account", "user_id"), ("stream_key", "stream"), ("passkey", "passkey_id"))
            }
            self._drop_what_hangs_loose()
        return Gone(gone["account"], gone["stream_key"], gone["passkey"])

    def take_as_removed(self, user_id: str, told: Told) -> None:
        """Passkeys that only an older log still knows."""
        with self._changing():
            keyring_revived.take_as_removed(self._connection, user_id, told)

    def drop_ways_in(self) -> int:
        """All sessions and tokens; how many."""
        with self._changing():
            before = self._connection.total_changes()
            self._connection.execute("DELETE FROM session; DELETE FROM api_token")
            return self._connection.total_changes() - before

    def _forget(self, table: str, key: str, newer: KeyringCopy) -> int:
        self._connection.execute("CREATE TEMP TABLE kept (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
        kept = newer._connection.execute(f"SELECT {key} FROM {table}")  # noqa: S608  (constants only)
        self._connection.executemany("INSERT INTO kept VALUES (?)", kept)
        gone = f"DELETE FROM {table} WHERE {key} NOT IN (SELECT id FROM kept) RETURNING 1"  # noqa: S608  (same)
        count = len(self._connection.execute(gone).fetchall())
        self._connection.execute("DROP TABLE kept")
        return count

    def _drop_what_hangs_loose(self) -> None:
        """Keys of files whose own key is gone."""
        for table in ("spool_key", "content_tag", "blob_key"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE 'file-' || file_id NOT IN (SELECT stream FROM stream_key)"  # noqa: S608  (same)
            )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """All or nothing. KeyringFull, KeyringCorrupt."""
        with telling_damage():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, values: tuple[str | int, ...] = ()) -> list[Any]:
        with telling_damage():
            return self._connection.execute(sql, values).fetchall()
