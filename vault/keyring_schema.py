"""How a connection to `keyring.db`, the only mutable truth, is opened; its tables are in vault/keyring_tables.py.

`journal_mode=DELETE` and `secure_delete=ON`, because what is deleted here must be gone: a write-ahead log or a free
page would keep destroyed wraps readable. `synchronous=EXTRA` adds the fsync of the folder after the journal's unlink:
without it a power cut can bring a hot journal back and with it a destroyed key. `temp_store=MEMORY`, because the
journal of a single statement would else lie in the machine's folder for temporary files.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import apsw

from vault.errors import KeyringBusy, KeyringCorrupt, KeyringFull, WrongServerKey
from vault.keyring_tables import SCHEMA, SCHEMA_VERSION, STEPS
from vault.migrating import lift
from vault.opening import obstacle, open_file, refusal

APPLICATION_ID = 0x53524B52  # "SRKR"
BUSY_TIMEOUT_MS = 10_000
NAP_S: Final = 0.0002
CARE = (
    "secure_delete = ON",
    "synchronous = EXTRA",
    "temp_store = MEMORY",
)
"""Of the connection alone: before anything is written, a lift included, and without a word to a file of others."""
_WAY_OUT: Final = "put a whole copy back: see docs/operating.md, Putting a backup back"
PRAGMAS = (
    "journal_mode = DELETE",
    "foreign_keys = ON",
)


class Patience:
    """A busy handler: short naps, BUSY_TIMEOUT_MS in all.

    A commit keeps readers out for its fsyncs, a few milliseconds. SQLite's own handler soon sleeps 25 to 100 ms at a
    time and wakes up in the next commit: under busy writers a read took seconds.
    """

    __slots__ = ("_until_s",)

    def __init__(self) -> None:
        self._until_s = 0.0

    def __call__(self, tries: int) -> bool:
        """Whether to try again; `tries` counts from 0 for each wait."""
        now_s = monotonic()
        if tries == 0:
            self._until_s = now_s + BUSY_TIMEOUT_MS / 1_000
        if now_s >= self._until_s:
            return False
        sleep(NAP_S)
        return True


class _Connection(apsw.Connection):
    """Says by a name of this room's that others were in the way for longer than patience: who asked is to come back.

    A statement waits for its lock in its first step, which `execute` takes; so nothing is raised by reading on."""

    def execute(self, *args: Any, **given: Any) -> apsw.Cursor:
        try:
            return super().execute(*args, **given)
        except apsw.BusyError as error:
            raise KeyringBusy(str(error)) from error


def open_database(
    path: Path, key_check: bytes | None = None, *, create: bool = False, keep_older: bool = False
) -> apsw.Connection:
    """A connection to the keyring. `create`: where there is none, an empty one is made that belongs to the server key
    of `key_check`; a keyring that belongs to nobody would lock everybody out, so only who has the key makes one.
    `keep_older`: one of an older schema is copied before it is lifted to today's.

    KeyringCorrupt if the file is something else; WrongServerKey if `key_check` is given and not the one it was created
    with; KeyringFull when the disk refuses the lift; Unopenable.
    """
    connection = open_file(path, _Connection, apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE * create))
    connection.set_busy_handler(Patience())
    try:
        for pragma in CARE:
            connection.execute(f"PRAGMA {pragma}")
        if create and connection.pragma("user_version") == 0:
            _create(connection, key_check)
        if connection.pragma("application_id") != APPLICATION_ID:
            raise KeyringCorrupt("the database is not a Strongroom keyring")
        lift(connection, STEPS, path if keep_older else None)
        _require_version(connection.pragma("user_version"), {SCHEMA_VERSION})
        if key_check is not None:
            _require_server_key(connection, key_check)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except apsw.NotADBError as error:
        connection.close()
        raise KeyringCorrupt(f"{path.name} is not a database: {_WAY_OUT}") from error
    except apsw.CorruptError as error:
        connection.close()
        raise KeyringCorrupt(f"{path.name} is damaged: {_WAY_OUT}") from error
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        connection.close()
        raise KeyringFull(refusal(path, error)) from error
    except apsw.BusyError as error:  # Of a pragma, which goes past `execute`.
        connection.close()
        raise KeyringBusy(str(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_as_it_is(path: Path) -> tuple[apsw.Connection, int] | None:
    """A connection that only reads, and the schema's version, maybe an older one: nothing is created or lifted.

    None where there is no keyring yet: no file, or an empty one, which SQLite makes before the first commit.
    KeyringCorrupt, Unopenable. What a crash left half written is rolled back first, as by any who opens it. A file that
    may only be read is read."""
    if not path.exists():
        return None
    connection = open_file(path, apsw.Connection, apsw.SQLITE_OPEN_READWRITE, writes=False)
    try:
        connection.set_busy_handler(Patience())
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")  # All of it of one moment: somebody may be making it.
        version = connection.pragma("user_version")
        if version == 0 and not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():
            connection.close()
            return None
        if connection.pragma("application_id") != APPLICATION_ID:
            raise KeyringCorrupt("the database is not a Strongroom keyring")
        _require_version(version, {*STEPS, SCHEMA_VERSION})
        connection.execute("COMMIT")
    except apsw.NotADBError as error:
        connection.close()
        raise KeyringCorrupt(f"{path.name} is not a database: {_WAY_OUT}") from error
    except apsw.CorruptError as error:
        connection.close()
        raise KeyringCorrupt(f"{path.name} is damaged: {_WAY_OUT}") from error
    except apsw.Error as error:
        connection.close()
        in_the_way = obstacle(path, writes=False)
        raise in_the_way or KeyringCorrupt(f"the keyring cannot be read: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection, version


def _create(connection: apsw.Connection, key_check: bytes | None) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():
            connection.execute(SCHEMA)
            if key_check is not None:
                connection.execute("INSERT INTO server (id, key_check) VALUES (1, ?)", (key_check,))
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", SCHEMA_VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # A full disk may have rolled it back already.
            connection.execute("ROLLBACK")
        raise


def _require_version(found: object, known: set[int]) -> None:
    if found not in known:
        newer = isinstance(found, int) and found > SCHEMA_VERSION
        by = "it was written by a newer Strongroom" if newer else "it was never released"
        raise KeyringCorrupt(f"the keyring has schema version {found}, and this program knows {SCHEMA_VERSION}: {by}")


def _require_server_key(connection: apsw.Connection, key_check: bytes) -> None:
    row = connection.execute("SELECT key_check FROM server").fetchone()
    if row is None or not isinstance(row[0], bytes) or not hmac.compare_digest(row[0], key_check):
        raise WrongServerKey
