"""Deleting a chat or a file: at whatever step it is cut off, the next who comes brings it to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest

from domain.events import ChatDeleted, ChatErased, FileDeleted, FileErased
from eventstore.errors import LogFull
from eventstore.log import Log
from service.desk.desk import Desk
from service.files import chats, files
from service.house import forgetting
from service.house.facts import to_fact
from service.house.forgetting import FilesBusy, NotProjected, finish_chat, finish_files, forget_file
from service.house.house import House
from service.house.keychain import new_stream
from service.processing.storing import store
from service.upkeep import inventory, unfinished
from service.upkeep.projecting import check
from service.upkeep.sweep import Sweeper, first_sweep
from service.upkeep.unfinished import Unfinished
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk, failing_appends
from tests.service.keeping import blobs, kept, say_deleted, sent, sweep
from tests.service.test_erasing import Crash, crash, project


def events(house: House, stream: str) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_stream(stream)]


def require_finished(house: House, person: Person, chat_id: str | None, file_ids: tuple[str, ...]) -> None:
    """Said once each, in this order, and nothing of it is left."""
    project(house)
    if chat_id is not None:
        assert events(house, f"chat-{chat_id}")[-2:] == [ChatDeleted, ChatErased]
        assert house.keyring.stream_key(f"chat-{chat_id}", person.user) is None
    for file_id in file_ids:
        assert events(house, f"file-{file_id}")[-2:] == [FileDeleted, FileErased]
        assert house.keyring.stream_key(f"file-{file_id}", person.user) is None
        assert house.keyring.spool_key(file_id) is None
        assert house.keyring.blob_key(file_id, person.user) is None
        assert not house.layout.spool_file(file_id).exists()
        assert not house.layout.blob_files(file_id)
    assert house.reader.unfinished_deletions(0, 10) == []
    assert check(house) == []
    stock = inventory.check(house, lambda *_: None)
    assert (stock.faults, stock.orphans) == (0, 0), stock.found


def chat_with_files(house: House, person: Person) -> tuple[str, tuple[str, ...]]:
    """A chat with a stored file and one on its way."""
    chat_id = builders.started_chat(house, person)
    stored = builders.uploaded_file(house, person, b"stored", chat_id=chat_id)
    store(house, house.log, stored)
    return chat_id, (stored, builders.uploaded_file(house, person, b"on its way", chat_id=chat_id))


# -- the whole way -----------------------------------------------------------------------------------------------


def test_who_deletes_a_file_brings_it_to_its_end(house: House, ada: Person) -> None:
    file_id, other = kept(house, ada), kept(house, ada, b"another")

    async def story(desk: Desk) -> None:
        position = await files.delete(desk, ada.who, file_id)
        assert to_fact(house.log.read_all(position - 1, 1)[0]).event == FileDeleted()
        assert await files.delete(desk, ada.who, file_id) == position

    at_desk(house, story)
    require_finished(house, ada, None, (file_id,))
    assert builders.blob_bytes(house, ada, other) == b"another"


def test_a_log_that_takes_no_last_event_leaves_the_file_gone_and_the_rest_to_the_worker(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = kept(house, ada)
    say_deleted(house, ada, file_id)

    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("full"))
        await files.delete(desk, ada.who, file_id)

    at_desk(house, story)
    assert house.keyring.stream_key(f"file-{file_id}", ada.user) is None
    assert finish_files(house, house.log, [file_id]) == 1
    require_finished(house, ada, None, (file_id,))


def test_the_worker_brings_a_chat_to_its_end_with_its_files_and_no_other(house: House, ada: Person) -> None:
    chat_id, hers = chat_with_files(house, ada)
    other = kept(house, ada, b"elsewhere")

    async def story(desk: Desk) -> None:
        position = await chats.delete(desk, ada.who, chat_id)
        project(house)
        assert finish_chat(house, house.log, chat_id)
        assert await chats.delete(desk, ada.who, chat_id) == position

    at_desk(house, story)
    require_finished(house, ada, chat_id, hers)
    assert builders.blob_bytes(house, ada, other) == b"elsewhere"


def test_what_came_after_is_never_before_what_it_stands_for(house: House, ada: Person) -> None:
    chat_id, hers = chat_with_files(house, ada)
    say_deleted(house, ada, hers[0])  # By itself, and cut off there: its keys are still to go.
    builders.deleted_chat(house, ada, chat_id)
    project(house)
    assert finish_chat(house, house.log, chat_id)
    require_finished(house, ada, chat_id, hers)
    types = [record.envelope.type for record in house.log.read_user(ada.user, 0, 100)]
    assert types[-1] == "ChatErased"


def test_the_queue_alone_forgets_nothing(house: House, ada: Person) -> None:
    chat_id, hers = chat_with_files(house, ada)
    head = house.log.head()
    assert not finish_chat(house, house.log, chat_id)
    assert not finish_chat(house, house.log, "no-such-chat")
    assert finish_files(house, house.log, [*hers, "no-such-file"]) == 0
    assert house.log.head() == head
    assert builders.blob_bytes(house, ada, hers[0]) == b"stored"


def test_a_chat_whose_files_are_not_known_yet_is_not_said_to_be_gone(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PROJECTED_WAIT_S", 0.0)
    chat_id, hers = chat_with_files(house, ada)
    builders.deleted_chat(house, ada, chat_id)
    with pytest.raises(NotProjected):
        finish_chat(house, house.log, chat_id)
    assert house.keyring.stream_key(f"chat-{chat_id}", ada.user) is None  # That much did not have to wait.
    project(house)
    assert finish_chat(house, house.log, chat_id)
    require_finished(house, ada, chat_id, hers)


def test_the_key_of_a_message_goes_with_its_chats(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    stream = "message-one"
    _, wrapped = new_stream(ada.who, stream)
    with house.keyring._transaction() as write:
        row = (stream, ada.user, wrapped, 0, house.clock_us(), f"chat-{chat_id}")
        write.execute("INSERT INTO stream_key VALUES (?, ?, ?, ?, ?, ?)", row)
    at_desk(house, lambda desk: chats.delete(desk, ada.who, chat_id))
    assert house.keyring.stream_key(stream, ada.user) is None


# -- cut off -----------------------------------------------------------------------------------------------------

FILE_CRASHES: dict[str, tuple[str, str]] = {
    "before the row of its upload": ("pending", "drop"),
    "before the keys": ("keyring", "forget"),
    "between the keys and the blob": ("forgetting", "drop_blob"),
    "between the bytes and what was told of it": ("forgetting", "forget_advance"),
    "before it is said that all is done": ("forgetting", "say"),
}


@pytest.mark.parametrize("step", FILE_CRASHES)
@pytest.mark.parametrize("again", ["worker", "sweeper"])
def test_a_file_cut_off_at_any_step_is_finished_by_whoever_comes_next(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str, again: str
) -> None:
    file_id = kept(house, ada, b"to be forgotten")
    say_deleted(house, ada, file_id)
    room, name = FILE_CRASHES[step]
    with monkeypatch.context() as patched:
        patched.setattr(forgetting if room == "forgetting" else getattr(house, room), name, crash)
        with pytest.raises(Crash):
            finish_files(house, house.log, [file_id])
    project(house)
    come_again(house, again, lambda: finish_files(house, house.log, [file_id]))
    require_finished(house, ada, None, (file_id,))


CHAT_CRASHES: dict[str, tuple[str, str, int]] = {
    "before its key": ("keyring", "forget", 0),
    "between its key and its files": ("forgetting", "delete_files", 0),
    "before its files' keys": ("forgetting", "forget_files", 0),
    "between two batches of its files": ("forgetting", "delete_files", 1),
    "before its files are said to be gone": ("forgetting", "say", 1),
    "before it is said to be gone": ("writer", "append", 0),
}


@pytest.mark.parametrize("step", CHAT_CRASHES)
@pytest.mark.parametrize("again", ["worker", "sweeper"])
def test_a_chat_cut_off_at_any_step_is_finished_by_whoever_comes_next(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str, again: str
) -> None:
    monkeypatch.setattr(forgetting, "FILES_AT_ONCE", 1)
    chat_id, hers = chat_with_files(house, ada)
    builders.deleted_chat(house, ada, chat_id)
    project(house)
    room, name, after = CHAT_CRASHES[step]
    where = forgetting if room == "forgetting" else getattr(house, room)
    with monkeypatch.context() as patched:
        patched.setattr(where, name, crashing_after(getattr(where, name), after))
        with pytest.raises(Crash):
            finish_chat(house, house.log, chat_id)
    project(house)
    come_again(house, again, lambda: finish_chat(house, house.log, chat_id))
    require_finished(house, ada, chat_id, hers)


def crashing_after(work: object, times: int) -> object:
    """Does its work so many times, then crashes."""
    left = [times]

    def run(*args: object, **given: object) -> object:
        if not left[0]:
            raise Crash
        left[0] -= 1
        assert callable(work)
        return work(*args, **given)

    return run


def come_again(house: House, who: str, worker: Callable[[], object]) -> None:
    if who == "worker":
        assert worker()
    else:
        assert Sweeper().sweep(house, house.log, 0)


def test_the_next_start_finishes_what_was_cut_off(house: House, ada: Person) -> None:
    chat_id, hers = chat_with_files(house, ada)
    file_id = kept(house, ada, b"by itself")
    say_deleted(house, ada, file_id)
    forget_file(house, file_id)
    builders.deleted_chat(house, ada, chat_id)
    project(house)
    first_sweep(house)
    require_finished(house, ada, chat_id, (*hers, file_id))


# -- the sweeper -------------------------------------------------------------------------------------------------


def test_a_deletion_that_cannot_finish_stops_neither_the_others_nor_the_sweep(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, free = kept(house, ada, b"stuck"), kept(house, ada, b"free")
    for file_id in (stuck, free):
        say_deleted(house, ada, file_id)
        forget_file(house, file_id)
    project(house)

    def fails(house: House, log: Log, file_ids: Sequence[str]) -> int:
        if file_ids == [stuck]:
            raise FilesBusy
        return finish_files(house, log, file_ids)

    with monkeypatch.context() as patched:
        patched.setattr(unfinished, "finish_files", fails)
        swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.deleted == 1
    assert events(house, f"file-{free}")[-1] is FileErased
    assert events(house, f"file-{stuck}")[-1] is FileDeleted
    project(house)
    sweep(house)
    require_finished(house, ada, None, (stuck, free))


def test_many_deletions_are_finished_some_at_a_time(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "DELETING_S", 0.0)  # One at a time.
    hers = tuple(builders.uploaded_file(house, ada, b"%d" % number) for number in range(3))
    for file_id in hers:
        say_deleted(house, ada, file_id)
    project(house)
    sweeper = Unfinished()
    done = [sweeper.finish_some(house, house.log) for _ in range(4)]
    assert done == [1, 1, 1, 0]
    require_finished(house, ada, None, hers)


def test_a_chat_with_many_files_goes_some_at_a_time(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "FILES_AT_ONCE", 1)
    chat_id = builders.started_chat(house, ada)
    hers = tuple(builders.uploaded_file(house, ada, b"%d" % number, chat_id=chat_id) for number in range(3))
    builders.deleted_chat(house, ada, chat_id)
    project(house)
    done = []
    for _ in range(3):
        done.append(finish_chat(house, house.log, chat_id, until_s=0.0))
        project(house)
    assert done == [False, False, True]
    require_finished(house, ada, chat_id, hers)


def test_keys_that_an_older_keyring_brings_back_go_again_though_all_is_said(house: House, ada: Person) -> None:
    chat_id, hers = chat_with_files(house, ada)
    builders.deleted_chat(house, ada, chat_id)
    project(house)
    finish_chat(house, house.log, chat_id)
    for stream in (f"chat-{chat_id}", f"file-{hers[0]}"):
        _, wrapped = new_stream(ada.who, stream)
        house.keyring.add_stream_key(stream, ada.user, wrapped, 1)
    sweep(house)
    require_finished(house, ada, chat_id, hers)


def test_a_shared_blob_goes_with_the_last_file_in_it(house: House, ada: Person) -> None:
    first, second = kept(house, ada), sent(house, ada)
    store(house, house.log, second)
    assert len(blobs(house)) == 1
    at_desk(house, lambda desk: files.delete(desk, ada.who, first))
    assert len(blobs(house)) == 1
    at_desk(house, lambda desk: files.delete(desk, ada.who, second))
    assert blobs(house) == []
    require_finished(house, ada, None, (first, second))


def test_a_row_names_what_is_unfinished_and_nothing_of_what_it_was(house: House, ada: Person) -> None:
    file_id = kept(house, ada)
    say_deleted(house, ada, file_id)
    project(house)
    (row,) = house.reader.unfinished_deletions(0, 10)
    assert msgspec.structs.asdict(row) == {
        "position": house.log.head(),
        "stream": f"file-{file_id}",
        "user_id": ada.user,
    }
