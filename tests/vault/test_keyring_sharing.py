"""Files of one content in the keyring: found by their tag, held together by one blob, forgotten one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.vault.keyrings import add_user, blob_row, file_row, opened, wrap
from tests.vault.test_keyring_destruction import gone_after, lying_bytes
from vault.errors import QuotaReached
from vault.keyring import FileKeyRow, Keyring, SharedBlob

QUOTA = 1_000
TAG = b"t" * 32


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    """With `f1` of ann's: stored, and tagged."""
    with opened(tmp_path) as keyring:
        add_user(keyring, "ann")
        add_user(keyring, "ben")
        keyring.add_files([tagged("f1", "ann")], QUOTA, 1)
        keyring.put_blob_key(blob_row("f1", "ann"), wrap())
        yield keyring


def tagged(file_id: str, user: str) -> FileKeyRow:
    return replace(file_row(file_id, user), content_tag=TAG)


def sharing(file_id: str, user: str, blob_id: str = "f1") -> FileKeyRow:
    return replace(tagged(file_id, user), shared=SharedBlob(blob_row(file_id, user, blob_id=blob_id), wrap()))


def found(keyring: Keyring, user: str, tag: bytes = TAG) -> list[str]:
    return [row.file_id for row in keyring.same_content(user, tag, 10)]


def test_content_is_found_by_its_tag_once_it_has_a_blob(keyring: Keyring) -> None:
    keyring.add_files([tagged("f2", "ann"), file_row("f3", "ann"), tagged("b1", "ben")], QUOTA, 1)
    assert found(keyring, "ann") == ["f1"]
    for file_id, user in (("f2", "ann"), ("f3", "ann"), ("b1", "ben")):
        keyring.put_blob_key(blob_row(file_id, user), wrap())
    assert found(keyring, "ann") == ["f1", "f2"]
    assert found(keyring, "ben") == ["b1"]
    assert found(keyring, "ann", b"another") == []
    assert keyring.same_content("ann", TAG, 1) == [keyring.blob_key("f1", "ann")]


def test_a_blob_that_is_in_use_is_shared_with_the_keys_of_the_new_file(keyring: Keyring) -> None:
    new = sharing("f2", "ann")
    assert new.shared is not None
    keyring.add_files([new], QUOTA, 1)
    assert keyring.blob_key("f2", "ann") == new.shared.row
    assert keyring.finding_key("f2") == new.shared.finding_by_server
    assert [row.file_id for row in keyring.sharers("f1", 10)] == ["f1", "f2"]
    assert [row.file_id for row in keyring.sharers("f1", 1)] == ["f1"]
    assert keyring.used_bytes("ann") == 20


@pytest.mark.parametrize("user", ["ann", "ben"])
def test_a_blob_that_nobody_or_only_another_uses_is_not_shared(keyring: Keyring, user: str) -> None:
    if user == "ann":
        keyring.forget(["file-f1"])
    keyring.add_files([sharing("f2", user)], QUOTA, 1)
    assert keyring.blob_key("f2", user) is None
    assert keyring.finding_key("f2") is None
    assert keyring.spool_key("f2") is not None


def test_past_the_quota_nothing_is_shared(keyring: Keyring) -> None:
    with pytest.raises(QuotaReached):
        keyring.add_files([sharing("f2", "ann")], 19, 1)
    assert keyring.forget(["file-f1"]) == ["f1"]


def test_a_blob_is_loose_once_the_last_file_that_lies_in_it_is_forgotten(keyring: Keyring) -> None:
    keyring.add_files([sharing("f2", "ann")], QUOTA, 1)
    assert keyring.forget(["file-f1"]) == []
    assert keyring.blob_in_use("f1")
    assert keyring.forget(["file-f2"]) == ["f1"]
    assert not keyring.blob_in_use("f1")


def test_the_last_of_several_lets_go_of_the_blob_even_if_they_go_at_once(keyring: Keyring) -> None:
    keyring.add_files([sharing("f2", "ann"), sharing("f3", "ann")], QUOTA, 1)
    assert keyring.forget(["file-f2"]) == []
    assert keyring.forget(["file-f1", "file-f3"]) == ["f1"]


def test_a_file_that_gets_a_blob_of_its_own_after_all_keeps_its_tag(keyring: Keyring) -> None:
    keyring.add_files([sharing("f2", "ann")], QUOTA, 1)
    keyring.put_blob_key(blob_row("f2", "ann"), wrap())
    assert keyring.forget(["file-f1"]) == ["f1"]
    assert found(keyring, "ann") == ["f2"]


def test_nothing_of_a_forgotten_files_tag_is_left_on_disk(tmp_path: Path, keyring: Keyring) -> None:
    new = replace(file_row("f2", "ann"), content_tag=wrap())
    keyring.add_files([new], QUOTA, 1)
    assert new.content_tag[:32] in lying_bytes(tmp_path)
    keyring.forget(["file-f2"])
    gone_after(tmp_path, [new.content_tag])


def test_tags_go_with_the_account(tmp_path: Path, keyring: Keyring) -> None:
    keyring.drop_account("ann")
    gone_after(tmp_path, [TAG])


def test_what_is_kept_for_others_counts(keyring: Keyring) -> None:
    with pytest.raises(QuotaReached):
        keyring.add_files([file_row("b1", "ben", 50)], 100, 1, lambda: 51)
    assert keyring.used_bytes("ben") == 0
    keyring.add_files([file_row("b1", "ben", 50)], 100, 1, lambda: 50)
