"""A keyring that others hold: whoever cannot wait any longer is told so, and nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.vault.keyrings import add_user, opened
from vault import keyring_schema
from vault.errors import KeyringBusy
from vault.keyring import Keyring
from vault.keyring_schema import open_database


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


def test_what_is_held_for_longer_than_patience_is_busy_and_nothing_else(
    tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(keyring, "ann")
    monkeypatch.setattr(keyring_schema, "BUSY_TIMEOUT_MS", 1)
    with closing(apsw.Connection(str(tmp_path / "keyring.db"))) as committing:
        committing.execute("BEGIN EXCLUSIVE")
        with pytest.raises(KeyringBusy):
            keyring.has_session("ann-session")
        with pytest.raises(KeyringBusy):
            keyring.drop_sessions("ann")
        with pytest.raises(KeyringBusy):
            open_database(tmp_path / "keyring.db")
        assert not keyring.answers()
    assert keyring.has_session("ann-session")
    assert keyring.drop_sessions("ann") == ["ann-session"]


def test_a_change_that_readers_do_not_let_in_is_undone(
    tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(keyring, "ann")
    monkeypatch.setattr(keyring_schema, "BUSY_TIMEOUT_MS", 1)
    with closing(apsw.Connection(str(tmp_path / "keyring.db"))) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM account").fetchall()
        with pytest.raises(KeyringBusy):
            keyring.drop_sessions("ann")
    assert keyring.has_session("ann-session")
    assert keyring.drop_sessions("ann") == ["ann-session"]
