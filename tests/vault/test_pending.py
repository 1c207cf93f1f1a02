"""Uploads under way: what is written is durable, what is deleted is gone, and the quota holds whoever asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from vault.errors import PendingBroken, PendingFull, QuotaReached, TooManyPending
from vault.frames import Place
from vault.pending import SCHEMA, Form, PendingRow, PendingUploads, Stage

EXAMPLE = PendingRow("u1", "ada", b"wrapped", b"sealed", Form.WHOLE, Stage.OPEN, 10, 0, (), None, None, 1_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "uploads.db"


@pytest.fixture
def store(path: Path, tmp_path: Path) -> Iterator[PendingUploads]:
    store = PendingUploads(path, tmp_path / "lock")
    yield store
    store.close()


def row(upload_id: str = "u1", **changes: object) -> PendingRow:
    return msgspec.structs.replace(EXAMPLE, upload_id=upload_id, **changes)


def add(store: PendingUploads, one: PendingRow, quota_bytes: int = 100, used_bytes: int = 0) -> PendingRow:
    return store.add(one, quota_bytes, lambda: used_bytes, 5)


@pytest.mark.parametrize(
    "one",
    [
        row(),
        row(size_bytes=None, form=Form.PART),
        row(form=Form.JOINED, stage=Stage.FULL, parts=("a", "b"), offset_bytes=10),
        row(request_key=b"key", request_body=b"body"),
        row(token_id="t1"),
    ],
)
def test_a_row_comes_back_as_it_was_to_its_owner_alone(store: PendingUploads, one: PendingRow) -> None:
    assert add(store, one) == one
    assert store.find("u1", "ada") == one
    assert store.find("u1", "bob") is None
    assert (store.has("u1"), store.has("u2")) == (True, False)


def test_another_process_sees_it(store: PendingUploads, path: Path, tmp_path: Path) -> None:
    add(store, row())
    other = PendingUploads(path, tmp_path / "lock")
    assert other.find("u1", "ada") == row()
    other.drop("u1")
    other.close()
    assert store.find("u1", "ada") is None


def test_the_same_request_finds_its_row(store: PendingUploads) -> None:
    first = add(store, row(request_key=b"key", request_body=b"body"))
    assert add(store, row("u2", request_key=b"key", request_body=b"body")) == first
    assert add(store, row("u3", user_id="bob", request_key=b"key", request_body=b"body")).upload_id == "u3"
    assert not store.has("u2")
    assert store.asked_for(b"key", "ada") == first
    assert store.asked_for(b"other", "ada") is None


def test_the_quota_counts_what_is_told_and_what_has_come(store: PendingUploads) -> None:
    add(store, row("u1", size_bytes=60))
    add(store, row("u2", size_bytes=None, form=Form.PART))
    add(store, row("u3", user_id="bob", size_bytes=100))
    store.advance("u2", 20, 2_000, 100, lambda: 20, Place(3, 99, 12))
    part = store.find("u2", "ada")
    assert part is not None
    assert part.last == Place(3, 99, 12)
    assert store.claimed_bytes("ada") == 80
    for refused in (
        lambda: store.advance("u2", 21, 2_000, 100, lambda: 20),
        lambda: store.tell_size("u2", 21, 100, lambda: 20),
        lambda: add(store, row("u4", size_bytes=1), used_bytes=20),
    ):
        with pytest.raises(QuotaReached):
            refused()
        assert store.claimed_bytes("ada") == 80
    assert not store.has("u4")
    store.advance("u1", 60, 2_000, 100, lambda: 99)  # Its size was counted when it was told.


def test_many_at_once_do_not_pass_the_quota(store: PendingUploads, path: Path, tmp_path: Path) -> None:
    stores = [store, PendingUploads(path, tmp_path / "lock")]

    def begin(number: int) -> bool:
        try:
            add(stores[number % 2], row(f"u{number}", size_bytes=30))
        except QuotaReached:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(16))) == 3
    stores[1].close()


def test_so_many_are_open_and_no_more(store: PendingUploads) -> None:
    for number in range(5):
        add(store, row(f"u{number}", size_bytes=1))
    with pytest.raises(TooManyPending):
        add(store, row("u5", size_bytes=1))
    store.fill("u0", 2_000)
    store.file("u0", b"resealed", ())
    add(store, row("u5", size_bytes=1))


def test_a_full_one_stands_still(store: PendingUploads) -> None:
    add(store, row())
    store.fill("u1", 2_000)
    store.advance("u1", 4, 3_000, 100, lambda: 0)
    found = store.find("u1", "ada")
    assert found is not None
    assert (found.stage, found.offset_bytes, found.expires_at_us) == (Stage.FULL, 10, 2_000)
    assert store.full("ada") == [("u1", 10)]


def test_a_filed_one_takes_its_parts_along(store: PendingUploads) -> None:
    add(store, row("p1", form=Form.PART, size_bytes=5))
    add(store, row("w1", size_bytes=5))
    add(store, row("u1", form=Form.JOINED, stage=Stage.FULL, offset_bytes=10, parts=("p1", "w1")))
    found = store.joined_from(["p1", "w1"], "ada")
    assert found is not None
    assert found.upload_id == "u1"
    assert store.joined_from(["w1", "p1"], "ada") is None
    assert store.joined_from(["p1", "w1"], "bob") is None
    assert store.claimed_bytes("ada") == 10  # The joined one is counted by its parts.
    store.file("u1", b"resealed", ("p1", "w1"))
    assert [store.has(each) for each in ("u1", "p1", "w1")] == [True, False, True]
    filed = store.find("u1", "ada")
    assert filed is not None
    assert (filed.words, filed.spool_by_server) == (b"resealed", b"")


def test_only_what_has_expired_is_dropped(store: PendingUploads) -> None:
    add(store, row("u1", expires_at_us=1_000))
    add(store, row("u2", expires_at_us=3_000))
    assert store.expired(2_000, 10) == ["u1"]
    assert store.expired(9_000, 1) == ["u1"]
    store.advance("u1", 1, 4_000, 100, lambda: 0)
    assert not store.drop_expired("u1", 2_000)
    assert store.drop_expired("u2", 3_000)


def test_what_is_dropped_cannot_be_read_from_the_file(store: PendingUploads, path: Path) -> None:
    secret = os.urandom(200)
    add(store, row(words=secret))
    assert secret in path.read_bytes()
    store.drop("u1")
    assert secret not in path.read_bytes()
    assert [each.name for each in path.parent.iterdir() if each.name.startswith("uploads.db-")] == []


def test_an_error_inside_leaves_everything_as_it_was(store: PendingUploads) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.add(row(), 100, broken, 5)
    assert not store.has("u1")
    add(store, row())


def test_a_full_disk_is_told_as_such(store: PendingUploads, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise apsw.FullError

    with pytest.raises(PendingFull):
        store.add(row(), 100, full, 5)
    assert not store.has("u1")


def test_another_file_is_refused(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(PendingBroken):
        PendingUploads(path, tmp_path / "lock")
    path.unlink()
    other = apsw.Connection(str(path))
    other.pragma("user_version", SCHEMA.version + 1)
    other.close()
    with pytest.raises(PendingBroken):
        PendingUploads(path, tmp_path / "lock")


def test_a_row_shows_nothing(store: PendingUploads) -> None:
    assert repr(row()) == "PendingRow('u1', …)"


def test_what_a_token_has_under_way_goes_alone(store: PendingUploads) -> None:
    add(store, row("begun", token_id="t1"))
    add(store, row("filed", token_id="t1", stage=Stage.FILED))
    add(store, row("other", token_id="t2"))
    add(store, row("person"))
    assert store.drop_of_token("t1") == ["begun"]
    assert store.drop_of_token("t1") == store.drop_of_token("") == []
    assert [store.has(each) for each in ("begun", "filed", "other", "person")] == [False, True, True, True]


def test_a_file_of_the_version_before_is_lifted_with_all_it_has(path: Path, tmp_path: Path) -> None:
    with closing(PendingUploads(path, tmp_path / "lock")) as made:
        add(made, row())
    with closing(apsw.Connection(str(path))) as older:
        older.execute("DROP INDEX upload_by_token; ALTER TABLE upload DROP COLUMN token_id; PRAGMA user_version = 1")
    for _ in range(2):
        with closing(PendingUploads(path, tmp_path / "lock")) as lifted:
            assert lifted.find("u1", "ada") == row()
    with closing(apsw.Connection(str(path))) as now, closing(apsw.Connection(str(tmp_path / "new"))) as new:
        new.execute(SCHEMA.sql)
        columns = "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('upload')"
        indexes = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' ORDER BY name"
        for sql in (columns, indexes):
            assert now.execute(sql).fetchall() == new.execute(sql).fetchall()
        assert now.pragma("user_version") == SCHEMA.version
