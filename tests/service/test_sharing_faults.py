"""The same content twice, while the first is deleted, the disk fails, or the process ends: nothing is lost, or kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.events import FileRetried
from eventstore.record import Append
from service.desk.desk import Desk
from service.house.facts import to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.processing import sharing, storing
from service.processing.storing import Done, load_file, store
from service.uploads import uploads
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk, failing_appends
from tests.service.keeping import DATA, blobs, damage, delete, kept, own_blob, say_deleted, sent, sweep
from tests.service.receiving import NOWHERE, receive, upload
from vault.errors import SpoolBroken
from vault.keyring import FileKeyRow

# -- races -------------------------------------------------------------------------------------------------------


def before_keys(house: House, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` between the search for the earlier file and the keys of the new one."""
    add_files = house.keyring.add_files

    def act_first(rows: list[FileKeyRow], quota_bytes: int, now_us: int, claimed_bytes: Callable[[], int]) -> None:
        assert rows[0].shared is not None  # It was found.
        act()
        add_files(rows, quota_bytes, now_us, claimed_bytes)

    monkeypatch.setattr(house.keyring, "add_files", act_first)


def test_a_file_deleted_while_its_content_comes_again_is_not_shared(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)
    before_keys(house, monkeypatch, lambda: delete(house, ada, first))
    second = sent(house, ada)
    assert house.keyring.blob_key(second, ada.user) is None
    assert house.keyring.finding_key(second) is None
    store(house, house.log, second)
    assert blobs(house) == [own_blob(second)]
    assert builders.blob_bytes(house, ada, second) == DATA


def test_a_file_deleted_but_not_yet_forgotten_is_not_built_upon(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)
    before_keys(house, monkeypatch, lambda: say_deleted(house, ada, first))
    second = kept(house, ada)
    forget_file(house, first)
    assert blobs(house) == [own_blob(second)]
    assert builders.blob_bytes(house, ada, second) == DATA


def test_a_file_that_is_deleted_is_not_found_again(house: House, ada: Person) -> None:
    first = kept(house, ada)
    say_deleted(house, ada, first)  # Its keys are still there.
    second = sent(house, ada)
    assert house.keyring.blob_key(second, ada.user) is None


def test_a_file_deleted_before_the_worker_comes_takes_its_blob_along(house: House, ada: Person) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    delete(house, ada, first)
    assert blobs(house) == [own_blob(first)]  # The new file's row holds it: nobody can say yet that it is not needed.
    store(house, house.log, second)
    assert blobs(house) == [own_blob(second)]
    assert builders.blob_bytes(house, ada, second) == DATA


def test_a_file_deleted_while_the_worker_reads_stays_readable_for_the_other(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    vouched = sharing.vouched_blob

    def deleted_meanwhile(*args: object) -> object:
        found = vouched(*args)  # type: ignore[arg-type]  # Passed on as they came.
        delete(house, ada, first)
        return found

    monkeypatch.setattr(storing, "vouched_blob", deleted_meanwhile)
    assert store(house, house.log, second) is Done.STORED
    assert blobs(house) == [own_blob(first)]
    assert builders.blob_bytes(house, ada, second) == DATA
    delete(house, ada, second)
    assert blobs(house) == []


def test_a_duplicate_deleted_while_it_waits_leaves_the_first(house: House, ada: Person) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    delete(house, ada, second)
    assert store(house, house.log, second) is Done.NOTHING_TO_DO
    assert builders.blob_bytes(house, ada, first) == DATA


def test_a_duplicate_forgotten_while_it_is_stored_leaves_the_first(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    record = storing._record

    def deleted_meanwhile(*args: object) -> bool:
        say_deleted(house, ada, second)
        return record(*args)  # type: ignore[arg-type]  # Passed on as they came.

    monkeypatch.setattr(storing, "_record", deleted_meanwhile)
    assert store(house, house.log, second) is Done.FORGOTTEN
    assert house.keyring.blob_key(second, ada.user) is None
    assert builders.blob_bytes(house, ada, first) == DATA


# -- damage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "harm", [Path.unlink, damage, lambda path: os.truncate(path, 1_000), lambda path: path.write_bytes(b"")]
)
def test_a_blob_that_is_not_what_it_was_is_not_shared(
    house: House, ada: Person, harm: Callable[[Path], object]
) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    harm(house.layout.blob_file(first))
    assert store(house, house.log, second) is Done.STORED
    assert own_blob(second) in blobs(house)
    assert builders.blob_bytes(house, ada, second) == DATA


def test_a_broken_spool_is_not_made_good_by_an_earlier_file(house: House, ada: Person) -> None:
    kept(house, ada)
    second = sent(house, ada)
    damage(house.layout.spool_file(second))
    with pytest.raises(SpoolBroken):
        store(house, house.log, second)
    loaded = load_file(house.log, second)
    assert loaded is not None
    assert loaded.state.status == "processing"


def test_an_earlier_key_that_does_not_open_makes_an_ordinary_upload(house: House, ada: Person) -> None:
    first = kept(house, ada)
    with house.keyring._transaction() as write:
        write.execute("UPDATE blob_key SET blob_by_public = zeroblob(1170) WHERE file_id = ?", (first,))
    second = kept(house, ada)
    assert own_blob(second) in blobs(house)


def test_a_duplicate_that_failed_is_retried_well(house: House, ada: Person) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    storing.fail(house, house.log, second, "storage_full")
    house.writer.append(Append(to_records(ada.user, f"file-{second}", 2, (FileRetried(),))))
    assert store(house, house.log, second) is Done.STORED
    assert blobs(house) == [own_blob(first)]
    assert builders.blob_bytes(house, ada, second) == DATA


# -- cut off -----------------------------------------------------------------------------------------------------


class _Cut(BaseException):
    """The process ends here: nothing after it runs."""


def cut(*_: object, **__: object) -> None:
    raise _Cut


STEPS = ["vouched_blob", "_read_spool", "_keep_key", "_record", "append_settled"]


@pytest.mark.parametrize("step", STEPS)
def test_a_job_cut_off_before_any_step_is_done_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    with monkeypatch.context() as patch:
        patch.setattr(storing, step, cut)
        with pytest.raises(_Cut):
            store(house, house.log, second)
    assert store(house, house.log, second) is Done.STORED
    assert blobs(house) == [own_blob(first)]
    assert builders.blob_bytes(house, ada, second) == DATA


@pytest.mark.parametrize("step", [*STEPS, "drop_blob"])
def test_a_job_cut_off_while_it_falls_back_is_done_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = kept(house, ada)
    second = sent(house, ada)
    delete(house, ada, first)
    with monkeypatch.context() as patch:
        patch.setattr(storing, step, cut)
        with pytest.raises(_Cut):
            store(house, house.log, second)
    assert store(house, house.log, second) is Done.STORED
    assert builders.blob_bytes(house, ada, second) == DATA
    sweep(house)
    assert blobs(house) == [own_blob(second)]


def test_keys_without_an_event_hold_the_blob_until_they_are_swept(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)

    async def story(desk: Desk) -> None:
        received = [await receive(desk, DATA)]
        monkeypatch.setattr(uploads, "decided", cut)
        with pytest.raises(_Cut):
            await uploads.commit(desk, ada.who, NOWHERE, received, None)

    at_desk(house, story)
    delete(house, ada, first)
    assert blobs(house) == [own_blob(first)]
    sweep(house)
    assert blobs(house) == []


def test_a_refused_append_takes_the_blob_along_if_it_was_the_last(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(house, ada)

    async def story(desk: Desk) -> None:
        before_keys(house, monkeypatch, lambda: None)
        failing_appends(desk, monkeypatch, RuntimeError("broken"))
        monkeypatch.setattr(uploads, "_drop_spools", lambda *_: delete(house, ada, first))
        with pytest.raises(RuntimeError):
            await upload(desk, ada, DATA)

    at_desk(house, story)
    assert blobs(house) == []


def test_a_deletion_cut_off_after_the_keys_is_finished_by_the_sweeper(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = kept(house, ada), kept(house, ada)
    delete(house, ada, first)
    say_deleted(house, ada, second)
    house.keyring.forget([f"file-{second}"])
    assert blobs(house) == [own_blob(first)]
    sweep(house)
    assert blobs(house) == []


def test_once_stored_nothing_replaces_what_is_shared(house: House, ada: Person) -> None:
    first, second = kept(house, ada), kept(house, ada)
    before = house.layout.blob_file(first).stat().st_ino
    delete(house, ada, first)
    assert store(house, house.log, second) is Done.NOTHING_TO_DO
    assert house.layout.blob_file(first).stat().st_ino == before
    assert builders.blob_bytes(house, ada, second) == DATA


def test_with_the_account_go_all_ways_to_shared_blobs(house: House, ada: Person) -> None:
    first, second = kept(house, ada), kept(house, ada)
    house.keyring.drop_account(ada.user)
    assert not house.keyring.blob_in_use(first)
    assert house.keyring.blob_key(second, ada.user) is None
    count = house.keyring._reader.execute("SELECT count(*) FROM content_tag").fetchone()
    assert count == (0,)
