"""Everything that is a person's, as they read it back: whole, filtered, in pages, and nobody else's."""

from __future__ import annotations

import asyncio
from contextlib import closing

import msgspec
import pytest

from projections import paging
from projections.runner import Projector
from service.desk.desk import Desk
from service.desk.reading import fresh
from service.files import chats, messages
from service.files.messages import Draft
from service.house.house import House
from service.reading import user_data
from service.reading.user_data import Filters, Page, kind_of
from service.reading.views import ChatView, FileView, ItemView, MessageView
from service.upkeep.projecting import catch_up
from tests.builders import Person, person, started_chat, uploaded_file
from tests.service.desks import at_desk

ALL = Filters()


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
        catch_up(log, projector)


async def say(desk: Desk, owner: Person, chat_id: str, content: str) -> str:
    draft = Draft(content, chat_id, "text/plain", "user", None, ())
    return (await messages.send(desk, owner.who, draft, None)).message_id


def told(house: House, owner: Person, *contents: str, chat_id: str = "") -> str:
    """A chat with these messages, projected; its id."""
    chat_id = chat_id or started_chat(house, owner, "a chat")

    async def story(desk: Desk) -> None:
        for content in contents:
            await say(desk, owner, chat_id, content)

    at_desk(house, story)
    project(house)
    return chat_id


def page(house: House, owner: Person, filters: Filters = ALL, after: int | None = None, limit: int = 100) -> Page:
    return at_desk(house, lambda desk: user_data.page(user_data.today(desk, owner.who), filters, after, limit))


def shown(items: list[ItemView]) -> list[str]:
    """What each item says."""
    return [user_data._text(item) for item in items]


def pages(house: House, owner: Person, filters: Filters, limit: int) -> list[str]:
    """All items, page by page, no page larger than asked for."""
    found: list[str] = []
    after: int | None = None
    while True:
        one = page(house, owner, filters, after, limit)
        assert len(one.items) <= limit
        found += shown(one.items)
        if one.next_after is None:
            return found
        assert len(one.items) == limit
        after = one.next_after


def test_what_was_written_is_read_back_opened_in_the_order_of_the_log(house: House, ada: Person) -> None:
    chat_id = told(house, ada, "first 👋", "second")
    file_id = uploaded_file(house, ada, b"data", name="Mémo.txt", chat_id=chat_id)
    project(house)
    chat, first, second, file = page(house, ada).items
    assert isinstance(chat, ChatView)
    assert (chat.chat_id, chat.title) == (chat_id, "a chat")
    assert isinstance(first, MessageView)
    assert (first.content, first.status, first.chat_id) == ("first 👋", "sent", chat_id)
    assert isinstance(second, MessageView)
    assert isinstance(file, FileView)
    assert (file.file_id, file.name, file.size_bytes, file.status) == (file_id, "Mémo.txt", 4, "processing")
    assert [kind_of(item) for item in (chat, first, file)] == ["chat", "message", "file"]


def test_the_person_and_their_open_sessions_stand_at_the_head(house: House, ada: Person) -> None:
    project(house)

    async def story(desk: Desk) -> None:
        user, sessions = user_data.head(user_data.today(desk, ada.who))
        assert user is not None
        assert (user.id, user.username, user.email) == (ada.user, ada.username, ada.email)
        assert [(session.id, session.current) for session in sessions] == [(ada.who.session_id, True)]

    at_desk(house, story)


def test_nothing_of_anybody_else_is_shown(house: House, ada: Person) -> None:
    ben = person(house, "ben")
    told(house, ben, "not for ada")
    told(house, ada, "for ada")
    assert shown(page(house, ada).items) == ["a chat", "for ada"]
    assert shown(page(house, ben).items) == ["a chat", "not for ada"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_join_without_a_gap_or_a_repeat(house: House, ada: Person, limit: int, descending: bool) -> None:
    told(house, ada, *(f"message {number}" for number in range(5)))
    whole = ["a chat", *(f"message {number}" for number in range(5))]
    assert pages(house, ada, Filters(descending=descending), limit) == (whole[::-1] if descending else whole)


def test_a_page_that_ends_with_the_last_item_has_none_after_it(house: House, ada: Person) -> None:
    told(house, ada, "only")
    assert page(house, ada, limit=2).next_after is None
    assert page(house, ada, limit=1).next_after is not None


def test_words_are_looked_for_in_what_is_opened_page_by_page(house: House, ada: Person) -> None:
    told(house, ada, "Apples and pears", "pears", "APPLES", "nothing", "some apples")
    wanted = Filters(words=("apples",))
    assert pages(house, ada, wanted, 2) == ["Apples and pears", "APPLES", "some apples"]
    assert pages(house, ada, Filters(words=("apples", "pears")), 2) == ["Apples and pears"]
    assert pages(house, ada, Filters(words=("absent",)), 2) == []


def test_more_than_a_chunk_is_read_through(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_data, "CHUNK", 3)
    told(house, ada, *(f"m{number}" for number in range(10)))
    whole = ["a chat", *(f"m{number}" for number in range(10))]
    assert pages(house, ada, ALL, 4) == whole
    assert pages(house, ada, Filters(words=("m9",)), 4) == ["m9"]

    async def story(desk: Desk) -> list[list[str]]:
        everything = user_data.everything(user_data.today(desk, ada.who), ALL, ALL.include, house.log.head())
        return [shown(items) async for items in everything]

    chunks = at_desk(house, story)
    assert [text for chunk in chunks for text in chunk] == whole
    assert max(map(len, chunks)) <= 3


def test_a_page_of_long_messages_ends_early_and_the_next_goes_on(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a chunk ends early, which is not the end of what there is."""
    texts = [f"{number}" * 1_000 for number in range(9)]
    told(house, ada, *texts)
    for module in (paging, user_data):
        monkeypatch.setattr(module, "PAGE_BYTES", 3_500)
    found: list[str] = []
    sizes: list[int] = []
    after: int | None = None
    while not sizes or after is not None:
        one = page(house, ada, Filters(include=frozenset({"messages"})), after)
        found += shown(one.items)
        sizes.append(len(one.items))
        after = one.next_after
    assert (found, sizes) == (texts, [3, 3, 3])
    assert shown(page(house, ada, Filters(words=("8",))).items) == texts[8:]

    async def story(desk: Desk) -> list[list[str]]:
        everything = user_data.everything(
            user_data.today(desk, ada.who), ALL, frozenset({"messages"}), house.log.head()
        )
        return [shown(items) async for items in everything]

    chunks = at_desk(house, story)
    assert [text for chunk in chunks for text in chunk] == texts
    assert max(map(len, chunks)) <= 4


def test_a_message_longer_than_a_page_is_shown_alone(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, ada, "first", "second")
    monkeypatch.setattr(user_data, "PAGE_BYTES", 1)
    monkeypatch.setattr(paging, "PAGE_BYTES", 1)
    one = page(house, ada)
    assert shown(one.items) == ["a chat"]
    assert shown(page(house, ada, after=one.next_after).items) == ["first"]


def test_others_are_let_in_between_the_chunks(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    told(house, ada, "one", "two", "three")
    monkeypatch.setattr(paging, "PAGE_BYTES", 1)

    async def story(desk: Desk) -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        assert len((await user_data.page(user_data.today(desk, ada.who), ALL, None, 100)).items) == 4
        task.cancel()
        return turns

    assert at_desk(house, story) >= 3


def test_everything_ends_at_the_position_it_was_asked_for(house: House, ada: Person) -> None:
    chat_id = told(house, ada, "before")
    until = house.log.head()
    told(house, ada, "after", chat_id=chat_id)

    async def story(desk: Desk) -> list[str]:
        everything = user_data.everything(user_data.today(desk, ada.who), ALL, frozenset({"messages"}), until)
        return [text async for items in everything for text in shown(items)]

    assert at_desk(house, story) == ["before"]


def test_files_are_found_by_the_beginning_of_their_type_once_it_is_known(house: House, ada: Person) -> None:
    told(house, ada, "a message")
    uploaded_file(house, ada, b"data")
    project(house)
    assert page(house, ada, Filters(mime="text/")).items == []  # Not stored yet: nobody has looked.
    assert shown(page(house, ada, Filters(include=frozenset({"files"}))).items) == ["notes.txt"]


def test_what_is_forgotten_is_left_out_at_once_even_before_the_tables_know(house: House, ada: Person) -> None:
    told(house, ada, "stays")
    gone = told(house, ada, "goes", "goes too")
    at_desk(house, lambda desk: chats.delete(desk, ada.who, gone))
    assert pages(house, ada, ALL, 1) == ["a chat", "stays"]
    project(house)
    assert pages(house, ada, ALL, 1) == ["a chat", "stays"]


def test_reading_waits_for_ones_own_write_and_says_so_when_it_waited_in_vain(house: House, ada: Person) -> None:
    house.settings = msgspec.structs.replace(house.settings, read_wait_ms=30)
    project(house)
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        lagging = await fresh(desk, ada.user)
        assert lagging.stale
        assert lagging.position == lagging.user_position - 1
        house.settings = msgspec.structs.replace(house.settings, read_wait_ms=20_000)
        await say(desk, ada, chat_id, "mine")
        waiting = asyncio.create_task(fresh(desk, ada.user))
        await asyncio.sleep(0)
        assert not waiting.done()
        await asyncio.to_thread(project, house)
        seen = await waiting
        assert not seen.stale
        assert seen.position == seen.user_position == house.log.head()

    at_desk(house, story)
    assert shown(page(house, ada).items) == ["a chat", "mine"]


def test_another_persons_writes_are_not_waited_for(house: House, ada: Person) -> None:
    ben = person(house, "ben")
    project(house)
    started_chat(house, ben)
    assert not at_desk(house, lambda desk: fresh(desk, ada.user)).stale
