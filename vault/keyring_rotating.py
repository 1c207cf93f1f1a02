"""Every wrap that lies under the server key, made anew in one transaction over the keyring and the uploads under way.

Both databases have rollback journals and are written through one connection, so the commit is one: SQLite's
super-journal names both, and a crash leaves all of the old wraps or all of the new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from vault.errors import KeyringCorrupt, KeyringFull
from vault.keyring_schema import Patience, open_as_it_is, open_database

PAGE: Final = 500
PEPPER_SINCE: Final = 5  # Schema version.


class ServerRow(msgspec.Struct, frozen=True):
    """Which server key the keyring belongs to, and the pepper it keeps of an earlier one. No repr."""

    key_check: bytes
    pepper_by_server: bytes | None

    def __repr__(self) -> str:
        return "ServerRow(…)"


class AccountWraps(msgspec.Struct, frozen=True):
    """What an account has under the server key."""

    name_index: bytes
    email_index: bytes
    subject_by_server: bytes


class Rewrapping(msgspec.Struct, frozen=True):
    """How each kind of wrap is made anew; whatever they raise leaves everything as it was. They see one user or file
    at a time: (user id, wrap), (file id, user id, wrap, what it is: "spool" or "finding")."""

    account: Callable[[str, bytes], AccountWraps]
    upload: Callable[[str, str, bytes, str], bytes]
    server: ServerRow


class Rewrapped(msgspec.Struct):
    """How many of each; `generation`: of the keyring, after it."""

    accounts: int = 0
    uploads: int = 0
    generation: int = 0


def read_server_row(path: Path) -> ServerRow | None:
    """None where there is no keyring yet, or none that says whose it is. Changes nothing. KeyringCorrupt."""
    opened = open_as_it_is(path)
    if opened is None:
        return None
    connection, version = opened
    column = "pepper_by_server" if version >= PEPPER_SINCE else "NULL"
    try:
        with closing(connection):
            row = connection.execute(f"SELECT key_check, {column} FROM server").fetchone()  # noqa: S608  (constants)
    except apsw.Error as error:
        raise KeyringCorrupt(f"the keyring cannot be read: {error}") from error
    match row:
        case (bytes(check), bytes() | None as pepper):
            return ServerRow(check, pepper)
        case _:
            return None


def rewrap(keyring: Path, uploads: Path, how: Rewrapping) -> Rewrapped:
    """Durable when it returns. By the only one who has the two open. KeyringFull when the disk refuses."""
    done = Rewrapped()
    with closing(open_database(keyring)) as connection:
        connection.set_busy_handler(Patience())
        connection.execute("ATTACH ? AS uploads", (str(uploads),))
        for pragma in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON"):
            connection.execute(f"PRAGMA uploads.{pragma}").fetchall()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _accounts(connection, how, done)
                _spool_keys(connection, how, done)
                _uploads(connection, how, done)
                server = how.server
                connection.execute(
                    "UPDATE server SET key_check = ?, pepper_by_server = ?, generation = generation + 1",
                    (server.key_check, server.pepper_by_server),
                )
                generation: list[Any] = connection.execute("SELECT generation FROM server").fetchall()
                done.generation = generation[0][0]
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
            raise KeyringFull(str(error)) from error
    return done


def _accounts(connection: apsw.Connection, how: Rewrapping, done: Rewrapped) -> None:
    after = ""
    while rows := _page(connection, "SELECT user_id, subject_by_server FROM account WHERE user_id > ?", after):
        for user_id, wrapped in rows:
            new = how.account(user_id, wrapped)
            connection.execute(
                "UPDATE account SET name_index = ?, email_index = ?, subject_by_server = ? WHERE user_id = ?",
                (new.name_index, new.email_index, new.subject_by_server, user_id),
            )
        done.accounts += len(rows)
        after = rows[-1][0]


def _spool_keys(connection: apsw.Connection, how: Rewrapping, done: Rewrapped) -> None:
    after = ""
    select = "SELECT file_id, user_id, spool_by_server, finding_by_server FROM spool_key WHERE file_id > ?"
    while rows := _page(connection, select, after):
        for file_id, user_id, spool, finding in rows:
            new_finding = None if finding is None else how.upload(file_id, user_id, finding, "finding")
            connection.execute(
                "UPDATE spool_key SET spool_by_server = ?, finding_by_server = ? WHERE file_id = ?",
                (how.upload(file_id, user_id, spool, "spool"), new_finding, file_id),
            )
        done.uploads += len(rows)
        after = rows[-1][0]


def _uploads(connection: apsw.Connection, how: Rewrapping, done: Rewrapped) -> None:
    after = ""
    select = "SELECT upload_id, user_id, spool_by_server FROM uploads.upload WHERE upload_id > ?"
    while rows := _page(connection, select, after):
        for upload_id, user_id, spool in rows:
            if spool:  # Else the keyring has it by now.
                connection.execute(
                    "UPDATE uploads.upload SET spool_by_server = ? WHERE upload_id = ?",
                    (how.upload(upload_id, user_id, spool, "spool"), upload_id),
                )
        done.uploads += len(rows)
        after = rows[-1][0]


def _page(connection: apsw.Connection, select: str, after: str) -> list[Any]:
    """In order of the first column, which is the table's key."""
    return connection.execute(f"{select} ORDER BY 1 LIMIT {PAGE}", (after,)).fetchall()
