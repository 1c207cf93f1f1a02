"""The keyring method by method: what was put is found, what collides is refused, whose it is counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
import pytest

from tests.vault.keyrings import account_row, add_user, blob_row, file_row, opened, session_row, wrap
from vault import keyring_schema
from vault.errors import EmailKnown, KeyringCorrupt, NameKnown, QuotaReached, WrongServerKey
from vault.keyring import AccountMark, Keyring
from vault.keyring_schema import open_database
from vault.keyring_tables import SCHEMA_VERSION

QUOTA = 1_000


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


# -- accounts ----------------------------------------------------------------------------------------------------


def test_an_account_is_found_by_name_by_address_and_by_id(keyring: Keyring) -> None:
    row = add_user(keyring, "ann")
    add_user(keyring, "ben")
    assert keyring.find_account(row.name_index) == row
    assert keyring.find_account(row.email_index) == row
    assert keyring.account("ann") == row
    assert keyring.find_account(b"nobody") is None
    assert keyring.account("nobody") is None


def test_two_accounts_cannot_share_a_name_or_an_address(keyring: Keyring) -> None:
    keyring.add_account(account_row("ann", "name", "mail"), session_row("s1", "ann"))
    with pytest.raises(NameKnown):
        keyring.add_account(account_row("ben", "name", "other"), session_row("s2", "ben"))
    with pytest.raises(EmailKnown):
        keyring.add_account(account_row("ben", "other", "mail"), session_row("s2", "ben"))
    assert keyring.account("ben") is None
    assert not keyring.has_session("s2")
    keyring.add_account(account_row("ben", "other", "elsewhere"), session_row("s2", "ben"))


def test_a_name_is_free_again_once_its_account_is_dropped(keyring: Keyring) -> None:
    keyring.add_account(account_row("ann", "name", "mail"), session_row("s1", "ann"))
    keyring.drop_account("ann")
    keyring.add_account(account_row("ben", "name", "mail"), session_row("s2", "ben"))


def test_accounts_are_listed_in_pages_by_id(keyring: Keyring) -> None:
    for user in ("cyd", "ann", "ben"):
        keyring.add_account(account_row(user, created_at_us=len(user)), session_row(f"{user}-s", user))
    assert [mark.user_id for mark in keyring.accounts("", 2)] == ["ann", "ben"]
    assert keyring.accounts("ben", 2) == [AccountMark("cyd", 3, 0, 1, 0, 0, None, totp=False, passkeys=frozenset())]
    assert keyring.accounts("cyd", 2) == []


def test_dropping_an_account_drops_every_key_of_it_and_none_of_anothers(keyring: Keyring) -> None:
    for user in ("ann", "ben"):
        add_user(keyring, user)
        keyring.add_stream_key(f"chat-{user}", user, wrap(), 1)
        keyring.add_files([file_row(f"f-{user}", user)], QUOTA, 1)
        assert keyring.put_blob_key(blob_row(f"f-{user}", user, wrap()), wrap())
    keyring.drop_account("ann")

    def left(user: str) -> list[bool]:
        return [
            keyring.account(user) is not None,
            keyring.has_session(f"{user}-session"),
            keyring.stream_key(f"chat-{user}", user) is not None,
            keyring.stream_key(f"file-f-{user}", user) is not None,
            keyring.spool_key(f"f-{user}") is not None,
            keyring.blob_key(f"f-{user}", user) is not None,
        ]

    assert left("ann") == [False] * 6
    assert left("ben") == [True] * 6


# -- sessions ----------------------------------------------------------------------------------------------------


def test_a_session_is_found_by_the_hash_of_its_token(keyring: Keyring) -> None:
    verifier = add_user(keyring, "ann").password_verifier
    row = session_row("s1", "ann")
    keyring.add_session(row, verifier)
    assert keyring.session_by_token(row.token_hash) == row
    assert keyring.session_by_token(b"other") is None
    assert keyring.has_session("s1")


def test_only_its_owner_drops_a_session_and_only_once(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    add_user(keyring, "ben")
    assert not keyring.drop_session("ann-session", "ben")
    assert keyring.has_session("ann-session")
    assert keyring.drop_session("ann-session", "ann")
    assert not keyring.drop_session("ann-session", "ann")
    assert keyring.session_by_token(b"hash of ann-session") is None


def test_a_session_is_added_once_and_a_second_copy_changes_nothing(keyring: Keyring) -> None:
    verifier = add_user(keyring, "ann").password_verifier
    row = session_row("s1", "ann")
    assert keyring.add_session(row, verifier)
    assert not keyring.add_session(msgspec.structs.replace(row, expires_at_us=2_000, user_by_token=wrap()), verifier)
    assert keyring.session_by_token(row.token_hash) == row


def test_expired_sessions_go_and_the_others_stay(keyring: Keyring) -> None:
    ann = account_row("ann")
    keyring.add_account(ann, session_row("s1", "ann", expires_at_us=100))
    keyring.add_session(session_row("s2", "ann", expires_at_us=101), ann.password_verifier)
    assert keyring.drop_expired_sessions(100) == 1
    assert not keyring.has_session("s1")
    assert keyring.has_session("s2")
    assert keyring.drop_expired_sessions(100) == 0


# -- chats and files ---------------------------------------------------------------------------------------------


def test_a_stream_key_is_its_owners_alone(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    wrapped = wrap()
    keyring.add_stream_key("chat-a", "ann", wrapped, 1)
    assert keyring.stream_key("chat-a", "ann") == wrapped
    assert keyring.stream_key("chat-a", "ben") is None
    assert keyring.stream_key("chat-b", "ann") is None


def test_a_stream_has_one_key_for_ever(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    wrapped = wrap()
    keyring.add_stream_key("chat-a", "ann", wrapped, 1)
    with pytest.raises(apsw.ConstraintError):
        keyring.add_stream_key("chat-a", "ann", wrap(), 2)
    assert keyring.stream_key("chat-a", "ann") == wrapped


def test_keys_are_listed_for_sweeping_by_age_in_pages(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    for stream, made_at_us in (("chat-c", 5), ("chat-a", 5), ("chat-b", 10), ("chat-d", 9)):
        keyring.add_stream_key(stream, "ann", wrap(), made_at_us)
    assert keyring.stream_keys_before(10, "", 2) == [("chat-a", "ann"), ("chat-c", "ann")]
    assert keyring.stream_keys_before(10, "chat-c", 2) == [("chat-d", "ann")]


def test_an_upload_brings_its_keys_and_counts_towards_the_quota(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    assert keyring.used_bytes("ann") == 0
    row = file_row("f1", "ann", 400)
    keyring.add_files([row, file_row("f2", "ann", 200)], QUOTA, 1)
    assert keyring.stream_key("file-f1", "ann") == row.stream_by_user
    assert keyring.spool_key("f1") == row.spool_by_server
    assert keyring.used_bytes("ann") == 600
    keyring.forget(["file-f1"])
    assert keyring.used_bytes("ann") == 200


def test_the_quota_is_met_to_the_byte_and_past_it_none_of_the_files_is_taken(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann", 900)], QUOTA, 1)
    with pytest.raises(QuotaReached):
        keyring.add_files([file_row("f2", "ann", 50), file_row("f3", "ann", 51)], QUOTA, 1)
    assert keyring.spool_key("f2") is None
    assert keyring.used_bytes("ann") == 900
    keyring.add_files([file_row("f2", "ann", 50), file_row("f3", "ann", 50)], QUOTA, 1)
    assert keyring.used_bytes("ann") == QUOTA


def test_one_persons_files_do_not_fill_anothers_quota(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    add_user(keyring, "ben")
    keyring.add_files([file_row("f1", "ann", QUOTA)], QUOTA, 1)
    keyring.add_files([file_row("f2", "ben", QUOTA)], QUOTA, 1)


def test_no_files_are_no_work(keyring: Keyring) -> None:
    keyring.add_files([], 0, 1)


def test_a_blob_key_is_its_owners_and_is_replaced_with_the_blob(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann")], QUOTA, 1)
    first, second = blob_row("f1", "ann"), blob_row("f1", "ann")
    assert keyring.put_blob_key(first, wrap())
    assert keyring.blob_key("f1", "ann") == first
    assert keyring.blob_key("f1", "ben") is None
    assert keyring.put_blob_key(second, wrap())
    assert keyring.blob_key("f1", "ann") == second


def test_a_finding_key_lives_from_the_blobs_key_to_the_spools_end(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann"), file_row("f2", "ann")], QUOTA, 1)
    assert keyring.finding_key("f1") is None
    first, second = wrap(), wrap()
    keyring.put_blob_key(blob_row("f1", "ann"), first)
    assert (keyring.finding_key("f1"), keyring.files_with_finding_key("", 10)) == (first, ["f1"])
    keyring.put_blob_key(blob_row("f1", "ann"), second)
    assert keyring.finding_key("f1") == second
    assert keyring.files_with_finding_key("f1", 10) == []
    keyring.drop_spool_key("f1")
    assert (keyring.finding_key("f1"), keyring.files_with_finding_key("", 10)) == (None, [])


def test_no_blob_key_comes_back_for_a_forgotten_file(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann")], QUOTA, 1)
    keyring.forget(["file-f1"])
    assert not keyring.put_blob_key(blob_row("f1", "ann", wrap()), wrap())
    assert keyring.blob_key("f1", "ann") is None
    assert not keyring.put_blob_key(blob_row("never-was", "ann", wrap()), wrap())


def test_the_spool_key_goes_alone_once_the_file_is_stored(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann")], QUOTA, 1)
    keyring.put_blob_key(blob_row("f1", "ann", wrap()), wrap())
    keyring.drop_spool_key("f1")
    keyring.drop_spool_key("f1")
    assert keyring.spool_key("f1") is None
    assert keyring.blob_key("f1", "ann") is not None
    assert keyring.stream_key("file-f1", "ann") is not None


def test_forgetting_takes_what_is_named_and_nothing_else(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_files([file_row("f1", "ann"), file_row("f2", "ann")], QUOTA, 1)
    keyring.add_stream_key("chat-f2", "ann", wrap(), 1)  # A chat whose id is that of a file.
    keyring.put_blob_key(blob_row("f1", "ann", wrap()), wrap())
    keyring.forget(["file-f1", "chat-f2", "file-never-was"])
    assert [keyring.stream_key(s, "ann") for s in ("file-f1", "chat-f2")] == [None, None]
    assert (keyring.spool_key("f1"), keyring.blob_key("f1", "ann")) == (None, None)
    assert keyring.spool_key("f2") is not None


# -- the file itself ---------------------------------------------------------------------------------------------


def test_every_thread_reads_and_what_one_wrote_another_sees(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    seen: list[bool] = []
    threads = [threading.Thread(target=lambda: seen.append(keyring.has_session("ann-session"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [True] * 8


def can_read(connection: apsw.Connection) -> bool:
    try:
        connection.execute("SELECT count(*) FROM account").fetchall()
    except apsw.BusyError:
        return False
    return True


def test_a_commit_that_waits_for_a_reader_lets_the_reader_go_on(tmp_path: Path, keyring: Keyring) -> None:
    add_user(keyring, "ann")
    reading, looking = (apsw.Connection(str(tmp_path / "keyring.db")) for _ in range(2))
    read = reading.execute("SELECT user_id FROM account UNION ALL SELECT session_id FROM session")
    assert next(read) == ("ann",)  # Amid its statement, it holds a shared lock.
    failures: list[apsw.Error] = []

    def add() -> None:
        try:
            keyring.add_stream_key("chat-a", "ann", wrap(), 1)
        except apsw.Error as error:
            failures.append(error)

    adding = threading.Thread(target=add)
    adding.start()
    while adding.is_alive() and can_read(looking):
        pass  # Until the commit waits: from then on nobody new is let in.
    assert list(read) == [("ann-session",)]
    adding.join(10)
    assert failures == []
    assert keyring.stream_key("chat-a", "ann") is not None
    reading.close()
    looking.close()


def test_a_read_that_meets_a_commit_looks_again_every_moment(
    tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(keyring, "ann")
    committing = apsw.Connection(str(tmp_path / "keyring.db"))
    committing.execute("BEGIN EXCLUSIVE")
    naps_s: list[float] = []

    def nap(nap_s: float) -> None:
        naps_s.append(nap_s)
        if len(naps_s) == 30:
            committing.execute("ROLLBACK")

    monkeypatch.setattr(keyring_schema, "BUSY_TIMEOUT_MS", 5_000)
    monkeypatch.setattr(keyring_schema, "sleep", nap)
    assert keyring.has_session("ann-session")
    assert len(naps_s) == 30  # It read at the first look after the commit.
    assert max(naps_s) <= 0.001
    committing.close()


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = 5.0

    def nap(nap_s: float) -> None:
        nonlocal clock_s
        clock_s += nap_s

    monkeypatch.setattr(keyring_schema, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(keyring_schema, "sleep", nap)
    monkeypatch.setattr(keyring_schema, "monotonic", lambda: clock_s)
    patience = keyring_schema.Patience()
    for _ in range(2):  # Each wait has all of it.
        begun_s = clock_s
        tries = next(tries for tries in range(1_000) if not patience(tries))
        assert tries > 50
        assert clock_s - begun_s == pytest.approx(0.020, abs=0.001)


def test_reading_connections_cannot_write(keyring: Keyring) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        keyring._reader.execute("DELETE FROM account")


def test_a_keyring_says_whether_it_answers(keyring: Keyring) -> None:
    assert keyring.answers()


def test_what_is_deleted_is_overwritten_and_lies_in_no_journal(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "keyring.db", create=True)
    assert connection.pragma("journal_mode") == "delete"
    assert connection.pragma("secure_delete") == 1
    assert connection.pragma("synchronous") == 3  # EXTRA
    assert connection.pragma("foreign_keys") == 1
    assert connection.pragma("temp_store") == 2  # MEMORY
    connection.close()


def test_a_file_that_is_no_keyring_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "keyring.db"
    path.write_bytes(b"no database" * 500)
    with pytest.raises(KeyringCorrupt):
        open_database(path)
    assert path.read_bytes() == b"no database" * 500
    path.unlink()
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE account (user_id TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(KeyringCorrupt, match="not a Strongroom keyring"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_keyring_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "keyring.db", create=True)
    connection.pragma("user_version", SCHEMA_VERSION + 1)
    connection.close()
    with pytest.raises(KeyringCorrupt, match=f"schema version {SCHEMA_VERSION + 1}"):
        open_database(tmp_path / "keyring.db")


# -- the server key it belongs to --------------------------------------------------------------------------------


def with_check(folder: Path, key_check: bytes) -> None:
    Keyring(folder / "keyring.db", folder / "keyring.lock", key_check).close()


def test_a_keyring_opens_with_the_server_key_that_it_was_made_with_and_no_other(tmp_path: Path) -> None:
    with_check(tmp_path, b"a" * 32)
    with_check(tmp_path, b"a" * 32)
    with pytest.raises(WrongServerKey, match="STRONGROOM_SERVER_KEY"):
        with_check(tmp_path, b"b" * 32)
    with_check(tmp_path, b"a" * 32)  # A wrong key changed nothing.


def test_a_keyring_that_names_no_server_key_belongs_to_none(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    with pytest.raises(WrongServerKey):
        with_check(tmp_path, b"a" * 32)
