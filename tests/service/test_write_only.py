"""A token that writes for somebody who is away and reads nothing: what it leaves, and how its owner finds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import MessageIdTaken, NotAllowed, NotFound, RequestReused
from domain.events import MessageSent
from eventstore.errors import LogFull
from projections.runner import Projector
from service.desk.desk import Desk
from service.files import chats, files, messages
from service.files.chats import Chat
from service.files.messages import Draft, Sent
from service.house.facts import to_fact
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal
from service.machine.errors import Busy
from service.processing.storing import Done, store
from service.reading.moment import Moment
from service.reading.moment import source as past_source
from service.reading.stream_events import Telling
from service.reading.user_data import Filters, page, today
from service.reading.views import ChatView, FileView, ItemView, MessageView
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper
from service.uploads import uploads
from service.uploads.uploads import Place
from tests.builders import Person, blob_bytes, person, started_chat
from tests.service.desks import asked, at_desk, before_append, failing_appends
from tests.service.holding import Bot, bot, errands_done
from tests.service.receiving import NOWHERE, declared_of, receive
from vault.errors import SealBroken
from vault.seal import SUITE_AES_256_GCM
from vault.write_keys import is_sealed_to_account

MESSAGE_ID = "018f0000-0000-7000-8000-00000000000a"
DATA = b"the ferry leaves at nine" * 1_000


@pytest.fixture
def writer(house: House, ada: Person) -> Bot:
    return bot(house, ada, "write")


def draft(content: str = "the tide is in", chat_id: str | None = None, **changes: Any) -> Draft:
    given = {"content_type": "text/plain", "role": "user", "message_id": None, "file_ids": ()}
    return Draft(content=content, chat_id=chat_id, **given | changes)


def posted(house: House, who: Principal, wanted: Draft) -> Sent:
    return at_desk(house, lambda desk: messages.send(desk, who, wanted, None))


def items(house: House, who: Principal, words: tuple[str, ...] = (), as_of: int | None = None) -> list[ItemView]:
    """All that `GET /user/data` shows, today or as of a position."""
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)

    async def story(desk: Desk) -> list[ItemView]:
        filters = Filters(words=words)
        if as_of is None:
            return (await page(today(desk, who), filters, None, 100)).items
        look = await desk.folds.look(who.user, as_of)
        try:
            return (await page(past_source(house, who, look.past, Moment(as_of, 0)), filters, None, 100)).items
        finally:
            look.close()

    return at_desk(house, story)


def said(house: House, who: Principal, **how: Any) -> list[str]:
    return [item.content for item in items(house, who, **how) if isinstance(item, MessageView)]


def sealed_streams(house: House, owner: Person) -> list[str]:
    """Streams whose keys lie as a write-only token left them."""
    rows = [stream for stream, _ in house.keyring.stream_keys_before(2**62, "", 100)]
    wraps = {stream: house.keyring.stream_key(stream, owner.user) for stream in rows}
    return [stream for stream, wrapped in wraps.items() if wrapped is not None and is_sealed_to_account(wrapped)]


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_message_into_a_chat_is_read_by_its_owner_and_by_nobody_else(house: House, ada: Person, writer: Bot) -> None:
    chat_id = started_chat(house, ada)
    sent = posted(house, writer.who, draft(chat_id=chat_id))
    stream = f"message-{sent.message_id}"
    (record,) = house.log.read_stream(stream)
    assert record.envelope.key_id == stream
    assert sealed_streams(house, ada) == [stream]
    with pytest.raises(NotAllowed):
        Keychain(house, writer.who).stream(stream)
    assert said(house, ada.who) == ["the tide is in"]
    assert said(house, ada.who, words=("tide",)) == ["the tide is in"]
    assert said(house, ada.who, words=("ebb",)) == []
    assert said(house, ada.who, as_of=house.log.head()) == ["the tide is in"]
    told = Telling(house, ada.who).fields(record)
    assert (told["content"], told["chat_id"]) == ("the tide is in", chat_id)


def test_a_message_without_a_chat_begins_one(house: House, ada: Person, writer: Bot) -> None:
    sent = posted(house, writer.who, draft("the kettle is on"))
    assert sealed_streams(house, ada) == [f"chat-{sent.chat_id}"]
    started, message = items(house, ada.who)
    assert isinstance(started, ChatView)
    assert isinstance(message, MessageView)
    assert (started.title, message.content) == ("the kettle is on", "the kettle is on")
    posted(house, ada.who, draft("so I see", sent.chat_id))
    posted(house, writer.who, draft("and off", sent.chat_id))
    assert said(house, ada.who) == ["the kettle is on", "so I see", "and off"]


def test_the_first_read_puts_the_keys_under_the_user_key(house: House, ada: Person, writer: Bot) -> None:
    chat_id = started_chat(house, ada)
    before = [posted(house, writer.who, draft(f"{number}", chat_id)) for number in range(3)]
    sealed = [house.log.read_stream(f"message-{sent.message_id}")[0].sealed for sent in before]
    assert len(sealed_streams(house, ada)) == 3
    said(house, ada.who)
    errands_done(house)
    assert sealed_streams(house, ada) == []
    wrapped = house.keyring.stream_key(f"message-{before[0].message_id}", ada.user)
    assert wrapped is not None
    assert wrapped[1] == SUITE_AES_256_GCM
    assert said(house, ada.who) == ["0", "1", "2"]
    assert sealed == [house.log.read_stream(f"message-{sent.message_id}")[0].sealed for sent in before]


def test_a_key_that_was_forgotten_meanwhile_does_not_come_back(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)
    posted(house, writer.who, draft(chat_id=chat_id))
    rewrap = house.keyring.rewrap_streams

    def forget_first(rows: Any) -> int:
        house.keyring.forget([f"chat-{chat_id}"])
        return rewrap(rows)

    monkeypatch.setattr(house.rewraps, "_write", forget_first)
    said(house, ada.who)
    errands_done(house)
    assert house.keyring.stream_keys_before(2**62, "", 100) == []


def test_a_key_sealed_for_another_stream_opens_nothing(house: House, ada: Person, writer: Bot) -> None:
    """Whoever writes into the keyring cannot pass one message off as another."""
    chat_id = started_chat(house, ada)
    one, two = (posted(house, writer.who, draft(text, chat_id)) for text in ("one", "two"))
    wraps = [house.keyring.stream_key(f"message-{sent.message_id}", ada.user) for sent in (one, two)]
    with house.keyring._transaction() as write:  # A forger's hand.
        write.execute(
            "UPDATE stream_key SET stream_by_user = ? WHERE stream = ?", (wraps[0], f"message-{two.message_id}")
        )
    with pytest.raises(SealBroken):
        Keychain(house, ada.who).stream(f"message-{two.message_id}")


def test_its_messages_go_with_the_chat(house: House, ada: Person, writer: Bot) -> None:
    chat_id = started_chat(house, ada)
    sent = posted(house, writer.who, draft(chat_id=chat_id))
    at_desk(house, lambda desk: chats.delete(desk, ada.who, chat_id))
    assert said(house, ada.who) == said(house, ada.who, as_of=sent.position) == []
    assert house.keyring.stream_keys_before(2**62, "", 100) == []
    told = Telling(house, ada.who).fields(house.log.read_stream(f"message-{sent.message_id}")[0])
    assert told["forgotten"]
    assert "content" not in told
    with pytest.raises(NotFound):
        posted(house, writer.who, draft(chat_id=chat_id))


def test_a_chat_deleted_in_between_leaves_no_key(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: chats.delete(desk, ada.who, chat_id))
        with pytest.raises(NotFound):
            await messages.send(desk, writer.who, draft(chat_id=chat_id), None)

    at_desk(house, story)
    assert house.keyring.stream_keys_before(2**62, "", 100) == []


def test_a_chat_renamed_in_between_is_no_hindrance(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: chats.rename(desk, ada.who, chat_id, "renamed"))
        await messages.send(desk, writer.who, draft(chat_id=chat_id), None)

    at_desk(house, story)
    assert said(house, ada.who) == ["the tide is in"]


def test_it_reaches_no_chat_of_others(house: House, writer: Bot) -> None:
    bens = started_chat(house, person(house, "ben"))
    with pytest.raises(NotFound):
        posted(house, writer.who, draft(chat_id=bens))


# -- sent again --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new_chat", [False, True])
def test_a_message_sent_again_under_its_id_is_one_message(
    house: House, ada: Person, writer: Bot, *, new_chat: bool
) -> None:
    chat_id = None if new_chat else started_chat(house, ada)
    wanted = draft(chat_id=chat_id, message_id=MESSAGE_ID)
    first, again = posted(house, writer.who, wanted), posted(house, writer.who, wanted)
    assert first == again
    for other in (
        draft("another", chat_id, message_id=MESSAGE_ID),
        draft(chat_id=chat_id, message_id=MESSAGE_ID, role="system"),
    ):
        with pytest.raises(MessageIdTaken):
            posted(house, writer.who, other)
    assert said(house, ada.who) == ["the tide is in"]


def test_it_does_not_learn_whether_its_owner_said_the_same(house: House, ada: Person, writer: Bot) -> None:
    wanted = draft(chat_id=started_chat(house, ada), message_id=MESSAGE_ID)
    posted(house, ada.who, wanted)
    with pytest.raises(MessageIdTaken):
        posted(house, writer.who, wanted)


def test_its_owner_may_send_the_same_again(house: House, ada: Person, writer: Bot) -> None:
    wanted = draft(chat_id=started_chat(house, ada), message_id=MESSAGE_ID)
    first = posted(house, writer.who, wanted)
    assert posted(house, ada.who, wanted) == first
    with pytest.raises(MessageIdTaken):
        posted(house, ada.who, draft("another", wanted.chat_id, message_id=MESSAGE_ID))


@pytest.mark.parametrize("new_chat", [False, True])
def test_an_idempotency_key_gives_the_same_answer(house: House, ada: Person, writer: Bot, *, new_chat: bool) -> None:
    wanted = draft(chat_id=None if new_chat else started_chat(house, ada))

    async def story(desk: Desk) -> None:
        first = await messages.send(desk, writer.who, wanted, asked())
        again = await messages.send(desk, writer.who, wanted, asked())
        assert (again.message_id, again.chat_id, again.position) == (first.message_id, first.chat_id, first.position)
        assert (first.replayed, again.replayed) == (False, True)
        with pytest.raises(RequestReused):
            await messages.send(desk, writer.who, draft("another", wanted.chat_id), asked(body=b"another"))

    at_desk(house, story)
    assert said(house, ada.who) == ["the tide is in"]


def test_a_chat_started_again_under_its_key_is_one_chat(house: House, ada: Person, writer: Bot) -> None:
    async def story(desk: Desk) -> tuple[Chat, Chat]:
        first = await chats.start(desk, writer.who, "the lighthouse", asked())
        return first, await chats.start(desk, writer.who, "the lighthouse", asked())

    first, again = at_desk(house, story)
    assert (again.chat_id, again.title, again.replayed) == (first.chat_id, "the lighthouse", True)
    (found,) = items(house, ada.who)
    assert isinstance(found, ChatView)
    assert found.title == "the lighthouse"


@pytest.mark.parametrize("written", [False, True])
def test_a_sending_whose_outcome_is_open_never_loses_the_key(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    """The second try must not draw another one: the first event may still come."""
    wanted = draft(chat_id=started_chat(house, ada), message_id=MESSAGE_ID)

    async def cut_off(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, TimeoutError, written=written)
        with pytest.raises(TimeoutError):
            await messages.send(desk, writer.who, wanted, None)

    at_desk(house, cut_off)
    if written:
        assert posted(house, writer.who, wanted).message_id == MESSAGE_ID
    else:
        with pytest.raises(Busy):
            posted(house, writer.who, wanted)
        Sweeper().sweep(house, house.log, 0)
        posted(house, writer.who, wanted)
    assert said(house, ada.who) == ["the tide is in"]


def test_a_refused_message_leaves_no_key(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(LogFull):
            await messages.send(desk, writer.who, draft(chat_id=chat_id), None)

    at_desk(house, story)
    assert [stream for stream, _ in house.keyring.stream_keys_before(2**62, "", 100)] == [f"chat-{chat_id}"]


# -- files -------------------------------------------------------------------------------------------------------------


def uploaded(
    house: House, who: Principal, data: bytes = DATA, place: Place = NOWHERE, key: str = ""
) -> uploads.Uploaded:
    async def story(desk: Desk) -> uploads.Uploaded:
        received = [await receive(desk, data, "ferry.txt")]
        done, refused = await uploads.commit(desk, who, place, received, asked(key) if key else None)
        assert not refused
        return done

    return at_desk(house, story)


def test_a_file_is_stored_and_read_by_its_owner(house: House, ada: Person, writer: Bot) -> None:
    chat_id = started_chat(house, ada)
    place = uploads.find_place(house, writer.who, chat_id, None)
    (accepted,) = uploaded(house, writer.who, place=place).files
    assert store(house, house.log, accepted.file_id) in (Done.STORED, Done.STORED_TO_ANALYSE)
    _, found = items(house, ada.who)
    assert isinstance(found, FileView)
    assert (found.name, found.chat_id, found.status) == ("ferry.txt", chat_id, "ready")
    assert blob_bytes(house, ada, accepted.file_id) == DATA
    posted(house, writer.who, draft(chat_id=chat_id, file_ids=(accepted.file_id,)))
    assert said(house, ada.who) == ["the tide is in"]


def test_it_does_not_learn_what_is_there_already(house: House, ada: Person, writer: Bot) -> None:
    first = uploaded(house, ada.who).files[0].file_id
    store(house, house.log, first)
    second = uploaded(house, writer.who).files[0].file_id
    store(house, house.log, second)
    row = house.keyring.blob_key(second, ada.user)
    assert row is not None
    assert row.blob_id == second


def test_an_upload_repeated_under_its_key_is_one_upload(house: House, ada: Person, writer: Bot) -> None:
    first, again = uploaded(house, writer.who, key="key-1"), uploaded(house, writer.who, key="key-1")
    assert (first.files, again.replayed) == (again.files, True)
    assert declared_of(house, ada, first.files[0].file_id).private is not None


def test_quota_is_its_owners(house: House, ada: Person, writer: Bot) -> None:
    uploaded(house, writer.who)
    assert house.keyring.used_bytes(ada.user) == len(DATA)


# -- and nothing else --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda desk, who, chat, _: chats.rename(desk, who, chat, "mine now"),
        lambda desk, who, _, file: files.describe(desk, who, file),
        lambda desk, who, *_: page(today(desk, who), Filters(), None, 10),
    ],
)
def test_whatever_would_read_is_refused_by_the_keys_themselves(
    house: House, ada: Person, writer: Bot, act: Callable[..., Any]
) -> None:
    """Were a route ever to let it in by mistake, there is nothing to open anything with."""
    chat_id, file_id = started_chat(house, ada), uploaded(house, ada.who).files[0].file_id
    posted(house, ada.who, draft(chat_id=chat_id))
    items(house, ada.who)
    head = house.log.head()
    with pytest.raises(NotAllowed):
        at_desk(house, lambda desk: act(desk, writer.who, chat_id, file_id))
    assert house.log.head() == head


def test_what_it_leaves_at_rest_is_noise(house: House, ada: Person, writer: Bot) -> None:
    chat_id = started_chat(house, ada)
    posted(house, writer.who, draft("a canary in the clear", chat_id))
    uploaded(house, writer.who, b"a canary in a file" * 100)
    for path in Path(house.settings.data).rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes(), path


def test_its_messages_are_messages_like_any(house: House, ada: Person, writer: Bot) -> None:
    sent = posted(house, writer.who, draft(chat_id=started_chat(house, ada)))
    marked = at_desk(house, lambda desk: messages.mark(desk, ada.who, sent.message_id, "read", "", None))
    assert marked.status == "read"
    assert isinstance(to_fact(house.log.read_stream(f"message-{sent.message_id}")[0]).event, MessageSent)
    (_, message) = items(house, ada.who)
    assert isinstance(message, MessageView)
    assert message.status == "read"
