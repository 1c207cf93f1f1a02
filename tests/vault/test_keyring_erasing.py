"""An account is shut at once, and the rest of its keys goes in small transactions, wherever they are cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from tests.vault.keyrings import add_user, blob_row, file_row, opened, wrap
from tests.vault.test_keyring_destruction import gone_after
from vault import keyring_erasing
from vault.errors import AccountGone
from vault.keyring import Keyring
from vault.keyring_store import KeyringStore

QUOTA = 1 << 30
FILES = 10
TABLES = ("account", "session", "stream_key", "spool_key", "blob_key", "content_tag")


class Crash(BaseException):
    pass


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_erasing, "ROWS_AT_ONCE", 3)


def fill(keyring: Keyring, user: str) -> list[bytes]:
    """What the server key alone would open."""
    rows = [file_row(f"{user}-{number}", user) for number in range(FILES)]
    keyring.add_files(rows, QUOTA, 1)
    for row in rows:
        assert keyring.put_blob_key(blob_row(row.file_id, user), wrap())
    return [row.spool_by_server for row in rows]


def counts(folder: Path, user: str) -> dict[str, int]:
    with apsw.Connection(str(folder / "keyring.db")) as look:
        found = {
            table: len(look.execute(f"SELECT 1 FROM {table} WHERE user_id = ?", (user,)).fetchall()) for table in TABLES
        }
    look.close()
    return found


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows changed by each transaction."""
    changed: list[int] = []
    transaction = KeyringStore._transaction

    @contextmanager
    def counting(store: KeyringStore, *, cascade: bool = True) -> Iterator[apsw.Connection]:
        with transaction(store, cascade=cascade) as write:
            before = write.total_changes()
            yield write
            changed.append(write.total_changes() - before)

    monkeypatch.setattr(KeyringStore, "_transaction", counting)
    return changed


def test_no_transaction_grows_with_what_the_account_has(tmp_path: Path, keyring: Keyring, commits: list[int]) -> None:
    add_user(keyring, "ann")
    fill(keyring, "ann")
    del commits[:]
    keyring.drop_account("ann")
    assert sum(commits) == 2 + 4 * FILES
    assert max(commits) == 3
    assert set(counts(tmp_path, "ann").values()) == {0}


def test_a_shut_account_has_nothing_that_any_other_key_opens(tmp_path: Path, keyring: Keyring) -> None:
    row = add_user(keyring, "ann")
    under_server = fill(keyring, "ann")
    keyring.shut_account("ann")
    left = counts(tmp_path, "ann")
    assert [left[table] for table in ("account", "session", "spool_key")] == [0, 0, 0]
    gone_after(tmp_path, [row.user_by_password, row.user_by_recovery, row.secret_by_user, *under_server])


def test_nothing_is_added_to_a_shut_account_though_keys_of_it_are_left(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    fill(keyring, "ann")
    keyring.shut_account("ann")
    before = counts(tmp_path, "ann")
    assert before["stream_key"] == FILES
    assert not keyring.put_blob_key(blob_row("ann-0", "ann"), wrap())
    with pytest.raises(AccountGone):
        keyring.add_files([file_row("late", "ann")], QUOTA, 1)
    with pytest.raises(AccountGone):
        keyring.add_stream_key("chat-late", "ann", wrap(), 1)
    assert counts(tmp_path, "ann") == before


@pytest.mark.parametrize("after", range(1, 20, 3))
def test_cut_off_after_any_transaction_it_is_shut_and_goes_on(
    tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, commits: list[int], after: int
) -> None:
    add_user(keyring, "ann")
    fill(keyring, "ann")
    del commits[:]
    counting = KeyringStore._transaction

    @contextmanager
    def cut_off(store: KeyringStore, *, cascade: bool = True) -> Iterator[apsw.Connection]:
        if len(commits) == after:
            raise Crash
        with counting(store, cascade=cascade) as write:
            yield write

    with monkeypatch.context() as patched:
        patched.setattr(KeyringStore, "_transaction", cut_off)
        with pytest.raises(Crash):
            keyring.drop_account("ann")
    assert keyring.account("ann") is None
    assert not keyring.has_session("ann-session")
    keyring.drop_account("ann")
    assert set(counts(tmp_path, "ann").values()) == {0}


def test_what_remains_of_an_account_goes_only_when_it_is_shut(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    fill(keyring, "ann")
    before = counts(tmp_path, "ann")
    assert not keyring.drop_remains("ann")
    assert counts(tmp_path, "ann") == before


def test_a_neighbour_keeps_everything_and_an_account_goes_with_its_sessions_ever_after(
    tmp_path: Path, keyring: Keyring
) -> None:
    for user in ("ann", "ben"):
        add_user(keyring, user)
        fill(keyring, user)
    before = counts(tmp_path, "ben")
    keyring.drop_account("ann")
    assert counts(tmp_path, "ben") == before
    assert keyring._writer.pragma("foreign_keys") == 1
