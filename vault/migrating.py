"""Lifting a database from an older schema to today's: small steps in order, after a copy of it as it was.

The copy lies beside it as `<name>.schema-<version>`: what an operator goes back with who has to take the older program
again. It holds keys that may be destroyed meanwhile, so the sweeper removes it after KEPT_DAYS, or sooner where erasure
receipts promise it (service/upkeep/older_schemas.py).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from vault.durable import fsync_directory, overwrite

Step = Callable[[apsw.Connection], None]
KEPT_DAYS: Final = 7
_BUSY_MS: Final = 10_000


def lift(connection: apsw.Connection, steps: Mapping[int, Step], keep: Path | None) -> None:
    """From the file's version to the one after the last step, all or nothing; two processes that start at once do it
    once. `steps`: version → what makes the next one of it. `keep`: the database's path, if a copy is to stay.

    apsw.Error, OSError: it is as it was."""
    if connection.pragma("user_version") not in steps:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have been quicker.
        if keep is not None and (found := connection.pragma("user_version")) in steps:
            _keep(keep, found)
        while (version := connection.pragma("user_version")) in steps:
            steps[version](connection)
            connection.pragma("user_version", version + 1)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # A full disk may have rolled it back already.
            connection.execute("ROLLBACK")
        raise


def kept_copies(folder: Path) -> Iterator[Path]:
    """Databases of `folder` as they were before they were lifted, and what a crash left of such a copy."""
    yield from folder.glob("*.db.schema-*")


def drop_copy(copy: Path) -> None:
    """Overwritten first: what is deleted from the database later must not be found where its copy lay."""
    if not copy.is_symlink():
        overwrite(copy)
    copy.unlink()


def _keep(path: Path, version: int) -> None:
    """Durable before the first step. The lifting connection keeps writers out, and has written nothing yet."""
    copy = path.with_name(f"{path.name}.schema-{version}")
    draft = path.with_name(f"{path.name}.schema-{version}.draft")
    if draft.exists():
        drop_copy(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with (
            closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as source,
            closing(apsw.Connection(str(draft))) as target,
        ):
            source.set_busy_timeout(_BUSY_MS)
            target.execute("PRAGMA journal_mode = OFF").fetchall()
            with target.backup("main", source, "main") as backup:
                backup.step()
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(copy)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            drop_copy(draft)
        raise
    fsync_directory(path.parent)


def is_older(path: Path, steps: Mapping[int, Step]) -> bool:
    """Whether opening it would lift it. False for what is missing, or no database: whoever opens it says so."""
    if not path.exists():
        return False
    try:
        # Not read-only: a lift that was cut off is rolled back first, or it would look as if it had ended.
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.set_busy_timeout(_BUSY_MS)
            connection.execute("PRAGMA query_only = ON")
            return connection.pragma("user_version") in steps
    except apsw.Error:
        return False
