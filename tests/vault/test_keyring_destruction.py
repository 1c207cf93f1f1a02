"""Forgetting is real, whole and final: no bytes are left, and a crash leaves all or nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.vault.keyrings import account_row, add_user, blob_row, file_row, opened, session_row, wrap
from vault.errors import KeyringFull
from vault.keyring import Keyring

ROOT = Path(__file__).parents[2]
QUOTA = 1 << 30
LARGE = 5_000  # Bytes: spills onto overflow pages, which secure_delete must reach too.


def lying_bytes(folder: Path) -> bytes:
    """All that the keyring has on disk, journals included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("keyring.db*")))


def gone_after(folder: Path, secrets: list[bytes]) -> None:
    on_disk = lying_bytes(folder)
    assert [secret for secret in secrets if secret[:32] in on_disk or secret[-32:] in on_disk] == []


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


def fill(keyring: Keyring, count: int) -> list[bytes]:
    """Neighbours on the same pages, so that what is deleted lies between what stays."""
    kept = []
    for number in range(count):
        row = file_row(f"kept-{number}", "ann")
        keyring.add_files([row], QUOTA, 1)
        kept += [row.stream_by_user, row.spool_by_server]
    return kept


def test_nothing_of_a_forgotten_files_keys_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    kept = fill(keyring, 20)
    row, blob = file_row("f1", "ann"), wrap() * (LARGE // 62)
    keyring.add_files([row], QUOTA, 1)
    keyring.put_blob_key(blob_row("f1", "ann", blob), wrap())
    kept += fill_more(keyring, 20)
    secrets = [row.stream_by_user, row.spool_by_server, blob]
    assert all(secret[:32] in lying_bytes(tmp_path) for secret in secrets)  # The search finds what is there.
    keyring.forget(["file-f1"])
    gone_after(tmp_path, secrets)
    assert all(wrapped in lying_bytes(tmp_path) for wrapped in kept)


def fill_more(keyring: Keyring, count: int) -> list[bytes]:
    wraps = [wrap() for _ in range(count)]
    for number, wrapped in enumerate(wraps):
        keyring.add_stream_key(f"chat-{number}", "ann", wrapped, 1)
    return wraps


def test_nothing_of_many_forgotten_chats_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    wraps = fill_more(keyring, 300)  # Enough that whole pages become free.
    keyring.forget([f"chat-{number}" for number in range(300)])
    gone_after(tmp_path, wraps)


def test_nothing_of_a_dropped_session_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    verifier = add_user(keyring, "ann").password_verifier
    row, expired = session_row("s1", "ann"), session_row("s2", "ann", expires_at_us=5)
    keyring.add_session(row, verifier)
    keyring.add_session(expired, verifier)
    keyring.drop_session("s1", "ann")
    keyring.drop_expired_sessions(5)
    gone_after(tmp_path, [row.user_by_token, expired.user_by_token])


def test_nothing_of_a_replaced_or_dropped_key_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    row, first, second = file_row("f1", "ann"), wrap(), wrap()
    keyring.add_files([row], QUOTA, 1)
    keyring.put_blob_key(blob_row("f1", "ann", first), wrap())
    keyring.put_blob_key(blob_row("f1", "ann", second), wrap())
    keyring.drop_spool_key("f1")
    gone_after(tmp_path, [first, row.spool_by_server])
    assert second in lying_bytes(tmp_path)


def test_nothing_of_a_dropped_account_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    row, session = account_row("ann"), session_row("s1", "ann")
    keyring.add_account(row, session)
    chats = fill_more(keyring, 40)
    files = fill(keyring, 40)
    blobs = [wrap() for _ in range(40)]
    for number, blob in enumerate(blobs):
        keyring.put_blob_key(blob_row(f"kept-{number}", "ann", blob), wrap())
    keyring.drop_account("ann")
    own = [row.password_verifier, row.user_by_password, row.recovery_verifier, row.user_by_recovery]
    own += [row.public_key, row.secret_by_user, row.subject_by_server, session.user_by_token]
    gone_after(tmp_path, own + chats + files + blobs)


# -- processes ---------------------------------------------------------------------------------------------------


@contextmanager
def filling(folder: Path, name: str, quota_bytes: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.vault.keyrings", str(folder), name, str(quota_bytes)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def test_the_quota_is_exact_however_many_processes_race_for_its_last_byte(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    with ExitStack() as stack:
        racing = [stack.enter_context(filling(tmp_path, f"p{number}", 1_010)) for number in range(3)]
        got = "".join(one.communicate(timeout=60)[0] for one in racing).split()
        assert [one.returncode for one in racing] == [0, 0, 0]
    assert len(got) == len(set(got)) == 100  # 50 pairs of 10 bytes; a pair more would pass 1,010.
    assert keyring.used_bytes("ann") == 1_000


@pytest.mark.parametrize("after", [1, 30])
def test_a_killed_process_leaves_a_pair_of_keys_or_none(tmp_path: Path, keyring: Keyring, after: int) -> None:
    add_user(keyring, "ann")
    with filling(tmp_path, "p", QUOTA) as victim:
        assert victim.stdout is not None
        lines = [victim.stdout.readline() for _ in range(after)]
        victim.kill()
        lines += victim.stdout.readlines()
    for file_id in "".join(lines).split():  # Acknowledged: there.
        assert keyring.stream_key(f"file-{file_id}", "ann") is not None
        assert keyring.spool_key(file_id) is not None
    streams = {stream for stream, _ in keyring.stream_keys_before(2, "", 100_000)}
    for stream in streams:  # Both rows of both files, or nothing.
        file_id = stream.removeprefix("file-")
        assert keyring.spool_key(file_id) is not None
        assert f"file-{file_id[:-1]}{1 - int(file_id[-1])}" in streams
    keyring.add_files([file_row("after", "ann")], QUOTA, 1)  # The lock died with its holder.


def test_a_full_disk_refuses_the_change_and_leaves_the_keyring_as_it_was(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_stream_key("chat-a", "ann", wrap(), 1)
    before = (tmp_path / "keyring.db").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), hard))
    try:
        with pytest.raises(KeyringFull):
            keyring.add_stream_key("chat-b", "ann", wrap() * 2_000, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert keyring.stream_key("chat-b", "ann") is None
    assert keyring.stream_key("chat-a", "ann") is not None
    keyring.add_stream_key("chat-b", "ann", wrap(), 1)
    assert keyring.stream_key("chat-b", "ann") is not None
