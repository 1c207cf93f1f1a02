"""Rows of a keyring. Wraps are random bytes here: the keyring cannot tell them from real ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vault.errors import QuotaReached
from vault.kdf import PasswordParams
from vault.keyring import AccountRow, BlobKeyRow, FileKeyRow, Keyring, SessionKeyRow


@contextmanager
def opened(folder: Path) -> Iterator[Keyring]:
    keyring = Keyring(folder / "keyring.db", folder / "keyring.lock")
    try:
        yield keyring
    finally:
        keyring.close()


def wrap() -> bytes:
    """Findable in a file: nothing else holds these bytes."""
    return os.urandom(62)


def account_row(user: str, name: str = "", email: str = "", created_at_us: int = 1) -> AccountRow:
    return AccountRow(
        user_id=user,
        name_index=(name or f"{user}-name").encode(),
        email_index=(email or f"{user}-mail").encode(),
        params=PasswordParams(salt=b"s" * 16, time_cost=3, memory_kib=65_536, parallelism=4),
        password_verifier=wrap(),
        user_by_password=wrap(),
        recovery_verifier=wrap(),
        user_by_recovery=wrap(),
        public_key=wrap(),
        secret_by_user=wrap(),
        subject_by_server=wrap(),
        created_at_us=created_at_us,
    )


def session_row(session: str, user: str, expires_at_us: int = 1_000) -> SessionKeyRow:
    return SessionKeyRow(
        session_id=session,
        token_hash=f"hash of {session}".encode(),
        user_id=user,
        user_by_token=wrap(),
        expires_at_us=expires_at_us,
        created_at_us=1,
    )


def file_row(file_id: str, user: str, size_bytes: int = 10) -> FileKeyRow:
    return FileKeyRow(file_id, user, wrap(), wrap(), size_bytes, wrap()[:32])


def blob_row(file_id: str, user: str, sealed: bytes = b"", blob_id: str = "") -> BlobKeyRow:
    """Of a blob of the file's own unless `blob_id` names another's."""
    return BlobKeyRow(file_id, user, blob_id or file_id, wrap()[:16], sealed or wrap())


def add_user(keyring: Keyring, user: str) -> AccountRow:
    row = account_row(user)
    keyring.add_account(row, session_row(f"{user}-session", user))
    return row


def fill_quota(folder: Path, name: str, quota_bytes: int) -> None:
    """As a process of its own: files of 10 bytes, two at once, until the quota is reached; prints those it got."""
    with opened(folder) as keyring:
        number = 0
        while True:
            rows = [file_row(f"{name}-{number}-{part}", "ann") for part in range(2)]
            try:
                keyring.add_files(rows, quota_bytes, 1)
            except QuotaReached:
                return
            for row in rows:
                os.write(sys.stdout.fileno(), f"{row.file_id}\n".encode())
            number += 1


if __name__ == "__main__":
    fill_quota(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
