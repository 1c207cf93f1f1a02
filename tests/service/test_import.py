"""An export taken in: everything is there as it was, once, however often and wherever it was cut off."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.errors import BadExport, NotEmpty, QuotaExceeded, UnderWay
from domain.events import DataImported
from service.desk.desk import Desk
from service.export import export
from service.files import chats, messages
from service.files.messages import Draft
from service.house.facts import to_fact
from service.house.house import House
from service.house.only_one import Only
from service.importing import importing, texts
from service.machine.errors import BodyCut
from service.processing.storing import Done, store
from service.uploads import uploads
from service.uploads.uploads import Place
from tests.builders import Person, blob_bytes, person, settings, started_chat
from tests.service.archives import (
    Json,
    data_of,
    entries,
    export_of,
    import_into,
    in_pieces,
    packed,
    project,
    say,
)
from tests.service.desks import at_desk
from tests.service.keeping import kept, sent, sweep
from tests.service.receiving import receive


@pytest.fixture
def other(tmp_path: Path) -> Iterator[House]:
    """Another Strongroom, with other keys."""
    house = House(settings(tmp_path / "other"))
    yield house
    house.close()


@pytest.fixture
def bob(other: House) -> Person:
    return person(other, "bob")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """An export with chats, messages of every kind and state, and files in and out of chats."""
    house = House(settings(tmp_path_factory.mktemp("old")))
    yield _told(house, person(house, "ada"))
    house.close()


def _told(house: House, ada: Person) -> bytes:
    async def story(desk: Desk) -> None:
        begun = await chats.start(desk, ada.who, "Erste Woche", None)
        one = ""
        for role, content_type, status in (
            ("user", "text/plain", "sent"), ("assistant", "text/markdown", "delivered"),
            ("system", "text/plain", "read"), ("user", "text/plain", "error"),
        ):  # fmt: skip
            draft = Draft(f"{role} \u202eodd\0 “text” 👋\r\n", begun.chat_id, content_type, role, None, ())  # type: ignore[arg-type]  # Literals.
            one = (await messages.send(desk, ada.who, draft, None)).message_id
            if status != "sent":
                code = "model_away" if status == "error" else ""
                await messages.mark(desk, ada.who, one, status, code, None)  # type: ignore[arg-type]  # The same.
        await chats.rename(desk, ada.who, begun.chat_id, "Zweite Woche")
        received = await receive(desk, b"in a chat", "notes.txt")
        done, _ = await uploads.commit(desk, ada.who, Place(begun.chat_id, one), [received], None)
        store(house, house.log, done.files[0].file_id)
        await say(desk, ada, "", begun.chat_id, done.files[0].file_id)
        await say(desk, ada, "another chat\n")

    at_desk(house, story)
    kept(house, ada, b"big" * 1_000_000)
    return export_of(house, ada)


def import_and_store(house: House, owner: Person, archive: bytes) -> importing.Imported:
    done = import_into(house, owner, archive)
    for row in house.reader.processing_files("", 100):
        assert store(house, house.log, row.file_id) is Done.STORED
    project(house)
    return done


def comparable(data: Json) -> Json:
    """Without what cannot be the same: ids are numbered as they come, and what is of account or keys goes."""
    numbers: dict[str, str] = {}

    def number(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: numbers.setdefault(each, f"id {len(numbers)}") if key.endswith("_id") and each else number(each)
                for key, each in value.items()
                if key not in ("updated_at", "encryption_iv", "error_code" if "file_id" in value else "")
            }
        if isinstance(value, list):
            return [numbers.get(each, each) if isinstance(each, str) else number(each) for each in value]
        return value

    ordered = {name: data[name] for name in ("chats", "files", "messages")}
    ordered["files"] = sorted(ordered["files"], key=lambda file: file["path"] or "")
    found: Json = number(ordered)
    return found


def events_of(house: House, owner: Person) -> list[str]:
    return [entry.envelope.type for entry in house.log.read_user_entries(owner.user, 0, 10_000)]


# -- well --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1 << 20, 4_093])
def test_everything_is_there_as_it_was(other: House, bob: Person, told: bytes, step: int) -> None:
    done = import_into(other, bob, told, step)
    assert (done.chats, done.messages, done.files, done.skipped) == (2, 6, 2, 0)
    for row in other.reader.processing_files("", 100):
        assert store(other, other.log, row.file_id) is Done.STORED
    again = export_of(other, bob)
    assert comparable(data_of(again)) == comparable(data_of(told))
    assert {path: data for path, data in entries(again).items() if path.startswith("files/")} == {
        path: data for path, data in entries(told).items() if path.startswith("files/")
    }


def test_the_history_says_what_came(other: House, bob: Person, told: bytes) -> None:
    done = import_into(other, bob, told)
    newest = to_fact(other.log.read_all(done.position - 1, 1)[0])
    assert newest.event == DataImported(chats=2, messages=6, files=2)
    assert newest.user == bob.user


def test_a_file_that_came_opens_with_the_keys_of_its_new_owner(other: House, bob: Person, told: bytes) -> None:
    import_and_store(other, bob, told)
    (big,) = [file for file in data_of(export_of(other, bob))["files"] if file["size_bytes"] == 3_000_000]
    assert blob_bytes(other, bob, big["file_id"]) == b"big" * 1_000_000


def test_a_chat_that_is_renamed_after_keeps_the_time_when_it_began(other: House, bob: Person, told: bytes) -> None:
    import_into(other, bob, told)
    first = data_of(export_of(other, bob))["chats"][0]
    at_desk(other, lambda desk: chats.rename(desk, bob.who, first["chat_id"], "renamed here"))
    now = data_of(export_of(other, bob))["chats"][0]
    assert (now["title"], now["created_at"]) == ("renamed here", first["created_at"])
    assert now["created_at"] == data_of(told)["chats"][0]["created_at"]


@pytest.mark.parametrize("folder", ["", "strongroom-2026/"])
def test_an_archive_that_was_packed_again_is_taken(other: House, bob: Person, told: bytes, folder: str) -> None:
    parts = {f"{folder}{path}": data for path, data in sorted(entries(told).items())}
    done = import_into(other, bob, packed({f"{folder}": b"", **parts} if folder else parts))
    assert (done.chats, done.messages, done.files) == (2, 6, 2)


def test_an_import_is_no_export_of_files_that_had_no_bytes(
    other: House, bob: Person, house: House, ada: Person
) -> None:
    sent(house, ada, b"not stored yet")
    kept(house, ada, b"stored")
    done = import_into(other, bob, export_of(house, ada))
    assert (done.files, done.skipped) == (1, 1)


# -- again, and cut off ------------------------------------------------------------------------------------------


def test_the_same_export_again_brings_nothing_twice(other: House, bob: Person, told: bytes) -> None:
    first = import_into(other, bob, told)
    head = other.log.head()
    again = import_into(other, bob, told)
    assert (again.chats, again.messages, again.files, again.skipped) == (0, 0, 0, 10)
    assert (other.log.head(), again.position) == (head, first.position)


def test_an_import_cut_off_anywhere_goes_on_and_doubles_nothing(
    other: House, bob: Person, told: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BATCH", 2)
    archive = packed(entries(told))

    async def cut(end: int) -> AsyncIterator[bytes]:
        async for piece in in_pieces(archive[:end], 997):
            yield piece
        raise BodyCut

    for end in range(0, len(archive), len(archive) // 9):
        project(other)
        with pytest.raises(BadExport, match="goes on"):
            at_desk(other, lambda desk, end=end: importing.take_in(desk, bob.who, cut(end)))  # type: ignore[misc]  # Bound.
        assert not [path for path in other.layout.run.iterdir() if path.name.startswith("import-")]
    import_and_store(other, bob, archive)
    assert comparable(data_of(export_of(other, bob))) == comparable(data_of(told))
    assert events_of(other, bob).count("MessageSent") == 6
    assert events_of(other, bob).count("FileUploaded") == 2
    sweep(other)
    assert list(other.layout.spool.iterdir()) == []


def test_each_append_that_fails_leaves_an_import_that_goes_on(
    other: House, bob: Person, told: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between a key and its event, again and again, one step later each time."""
    monkeypatch.setattr(texts, "BATCH", 3)
    wanted = comparable(data_of(told))
    for step in range(1, 30):
        project(other)

        async def story(desk: Desk, step: int = step) -> bool:
            append, left = desk.append, step

            async def fail_in_time(records: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    raise TimeoutError
                return await append(records)

            monkeypatch.setattr(desk, "append", fail_in_time)
            try:
                await importing.take_in(desk, bob.who, in_pieces(told))
            except TimeoutError:
                return False
            return True

        if at_desk(other, story):
            break
    else:
        pytest.fail("it never came to its end")
    import_and_store(other, bob, told)
    assert comparable(data_of(export_of(other, bob))) == wanted
    assert events_of(other, bob).count("MessageSent") == 6


def test_what_was_deleted_between_two_tries_stays_deleted(other: House, bob: Person, told: bytes) -> None:
    import_into(other, bob, told)
    first = data_of(export_of(other, bob))["chats"][0]["chat_id"]
    at_desk(other, lambda desk: chats.delete(desk, bob.who, first))
    import_into(other, bob, told)
    assert [chat["title"] for chat in data_of(export_of(other, bob))["chats"]] == ["another chat"]


# -- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["chat", "file"])
def test_an_account_with_something_in_it_is_left_alone(other: House, bob: Person, told: bytes, what: str) -> None:
    if what == "chat":
        started_chat(other, bob)
    else:
        sent(other, bob, b"my own")
    head = other.log.head()
    with pytest.raises(NotEmpty):
        import_into(other, bob, told)
    assert other.log.head() == head


def test_another_export_of_the_same_things_is_another(other: House, bob: Person, house: House, ada: Person) -> None:
    started_chat(house, ada)
    import_into(other, bob, export_of(house, ada))
    with pytest.raises(NotEmpty):
        import_into(other, bob, export_of(house, ada))


def test_one_import_of_a_person_at_a_time(other: House, bob: Person, told: bytes) -> None:
    only = Only(other, "import", bob.user)
    with pytest.raises(UnderWay):
        import_into(other, bob, told)
    only.release()
    assert import_into(other, bob, told).chats == 2


def test_what_passes_the_quota_is_refused_and_what_came_stays(tmp_path: Path, told: bytes) -> None:
    tight = House(settings(tmp_path / "tight", quota_bytes=100_000))
    try:
        eve = person(tight, "eve")
        with pytest.raises(QuotaExceeded):
            import_into(tight, eve, told)
        project(tight)
        data = data_of(export_of(tight, eve))
        assert (len(data["messages"]), len(data["files"])) == (6, 1)
        assert len(list(tight.layout.spool.iterdir())) == 1
    finally:
        tight.close()


def test_who_is_cancelled_lets_go_of_everything(other: House, bob: Person, told: bytes) -> None:
    half = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield told[: len(told) // 2]
        half.set()
        await asyncio.Event().wait()

    async def story(desk: Desk) -> None:
        task = asyncio.ensure_future(importing.take_in(desk, bob.who, endless()))
        await asyncio.wait_for(half.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not [path for path in other.layout.run.iterdir() if path.name.startswith("import-")]

    project(other)
    at_desk(other, story)
    import_and_store(other, bob, told)
    assert json.dumps(comparable(data_of(export_of(other, bob)))) == json.dumps(comparable(data_of(told)))


# -- bounded -----------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_what_passes_through(other: House, bob: Person, house: House, ada: Person) -> None:
    """Out of one Strongroom and into another, as it comes."""
    size_bytes = 48 << 20
    kept(house, ada, bytes(size_bytes))
    project(house)
    project(other)

    async def story(desk: Desk) -> int:
        with closing(Desk(other)) as there:
            exporting = await export.begin(desk, ada.who, "session")
            tracemalloc.start()
            try:
                done = await importing.take_in(there, bob.who, exporting)
                peak_bytes = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
                await exporting.close()
        assert done.files == 1
        return peak_bytes

    assert at_desk(house, story) < 16 << 20
