"""Messages: sent once under their id, into a chat that is there, and moved forward."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from domain.errors import (
    EmptyMessage,
    MessageIdTaken,
    NotFound,
    RequestReused,
    StatusBackwards,
    UnknownFile,
)
from domain.events import ChatDeleted, ChatStarted, MessageDelivered, MessageFailed, MessageSent
from eventstore.errors import LogFull
from eventstore.log import MAX_PAGE
from service.desk.desk import Desk
from service.files import chats, messages
from service.files.messages import Draft, Sent
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.keychain import Keychain
from service.house.requests import earlier
from service.machine.ids import new_id
from tests.builders import Person, person, started_chat, uploaded_file
from tests.service.desks import asked, at_desk, before_append, failing_appends

HELLO = Draft("Grüße 👋", None, "text/plain", "user", None, ())


def into(chat_id: str | None, content: str = "Grüße 👋", message_id: str | None = None) -> Draft:
    return Draft(content, chat_id, "text/plain", "user", message_id, ())


def content_of(house: House, owner: Person, sent: Sent) -> str:
    record, *_ = house.log.read_stream(f"message-{sent.message_id}")
    key = Keychain(house, owner.who).stream(f"chat-{sent.chat_id}")
    assert key is not None
    event = open_event(record, key)
    assert isinstance(event, MessageSent)
    assert event.private is not None
    return event.private.content


def types_in_order(house: House) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_all(0, MAX_PAGE)]


# -- sending -----------------------------------------------------------------------------------------------------


def test_a_message_is_durable_when_sent_and_only_its_owner_opens_it(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)
    sent = at_desk(house, lambda desk: messages.send(desk, ada.who, into(chat_id), None))
    assert (sent.chat_id, sent.position, sent.replayed) == (chat_id, house.log.head(), False)
    assert content_of(house, ada, sent) == "Grüße 👋"
    ben = person(house, "ben")
    assert Keychain(house, ben.who).stream(f"chat-{chat_id}") is None


def test_without_a_chat_one_is_started_with_the_message_in_one_append(house: House, ada: Person) -> None:
    head = house.log.head()
    draft = msgspec.structs.replace(HELLO, content="\n  A plan for the summer\nwith more lines")
    sent = at_desk(house, lambda desk: messages.send(desk, ada.who, draft, None))
    chat, message = house.log.read_all(head, 10)
    assert (chat.envelope.stream, message.envelope.stream) == (f"chat-{sent.chat_id}", f"message-{sent.message_id}")
    assert chat.envelope.at_us == message.envelope.at_us
    key = Keychain(house, ada.who).stream(chat.envelope.stream)
    assert key is not None
    started = open_event(chat, key)
    assert isinstance(started, ChatStarted)
    assert started.private is not None
    assert started.private.title == "A plan for the summer"


def test_a_long_first_line_makes_a_short_title() -> None:
    assert messages._title_from("x" * 60) == "x" * 60
    assert messages._title_from("x" * 61) == "x" * 59 + "…"
    assert messages._title_from("") == messages._title_from(" \n\t ") == ""


@pytest.mark.parametrize("fault", [LogFull("full"), RuntimeError("broken")])
def test_if_the_log_refuses_there_is_neither_chat_nor_message_nor_key(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    head = house.log.head()

    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, fault)
        with pytest.raises(type(fault)):
            await messages.send(desk, ada.who, HELLO, None)

    at_desk(house, story)
    assert house.log.head() == head
    assert house.keyring.stream_keys_before(2**62, "", 10) == []


def test_an_empty_message_is_refused_before_a_key_is_drawn(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        for draft in (into(None, ""), into(started_chat(house, ada), "")):
            head = house.log.head()
            with pytest.raises(EmptyMessage):
                await messages.send(desk, ada.who, draft, None)
            assert house.log.head() == head

    at_desk(house, story)
    assert len(house.keyring.stream_keys_before(2**62, "", 10)) == 1


def test_a_message_may_name_ones_own_files_only(house: House, ada: Person) -> None:
    own, others = uploaded_file(house, ada, b"own"), uploaded_file(house, person(house, "ben"), b"other")

    async def story(desk: Desk) -> None:
        await messages.send(desk, ada.who, msgspec.structs.replace(HELLO, content="", file_ids=(own,)), None)
        for file_ids in ((others,), (own, others), (new_id(),)):
            with pytest.raises(UnknownFile):
                await messages.send(desk, ada.who, msgspec.structs.replace(HELLO, file_ids=file_ids), None)

    at_desk(house, story)


def test_into_a_chat_that_is_not_there_deleted_or_anothers_nothing_is_sent(house: House, ada: Person) -> None:
    deleted, others = started_chat(house, ada), started_chat(house, person(house, "ben"))

    async def story(desk: Desk) -> None:
        await chats.delete(desk, ada.who, deleted)
        head = house.log.head()
        for chat_id in (deleted, others, new_id()):
            with pytest.raises(NotFound):
                await messages.send(desk, ada.who, into(chat_id), None)
        assert house.log.head() == head

    at_desk(house, story)


# -- the same message again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_chat", [True, False])
def test_the_same_message_under_its_id_again_is_answered_as_the_first_time(
    house: House, ada: Person, in_chat: bool
) -> None:
    draft = into(started_chat(house, ada) if in_chat else None, message_id=new_id())

    async def story(desk: Desk) -> None:
        first = await messages.send(desk, ada.who, draft, None)
        head = house.log.head()
        again = await messages.send(desk, ada.who, draft, None)
        assert again == first  # Known by its id, not as a request.
        in_its_chat = msgspec.structs.replace(draft, chat_id=first.chat_id)
        assert (await messages.send(desk, ada.who, in_its_chat, None)).chat_id == first.chat_id
        assert house.log.head() == head

    at_desk(house, story)


def test_a_message_known_by_its_id_is_a_replay_only_under_the_same_request(house: House, ada: Person) -> None:
    draft = into(started_chat(house, ada), message_id=new_id())

    async def story(desk: Desk) -> None:
        assert not (await messages.send(desk, ada.who, draft, asked())).replayed
        assert (await messages.send(desk, ada.who, draft, asked())).replayed
        assert not (await messages.send(desk, ada.who, draft, asked("another"))).replayed
        assert not (await messages.send(desk, ada.who, draft, None)).replayed

    at_desk(house, story)


def test_a_copy_that_comes_in_while_its_request_is_looked_up_is_a_replay(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = into(started_chat(house, ada), message_id=new_id())

    def too_early(*_: object) -> None:
        monkeypatch.setattr(messages, "earlier", earlier)

    async def story(desk: Desk) -> None:
        await messages.send(desk, ada.who, draft, asked())
        monkeypatch.setattr(messages, "earlier", too_early)
        assert (await messages.send(desk, ada.who, draft, asked())).replayed

    at_desk(house, story)


def test_another_message_under_the_same_id_is_refused(house: House, ada: Person) -> None:
    chat_id, other_chat = started_chat(house, ada), started_chat(house, ada)
    draft = into(chat_id, message_id=new_id())

    async def story(desk: Desk) -> None:
        await messages.send(desk, ada.who, draft, None)
        for other in (
            msgspec.structs.replace(draft, content="other"),
            msgspec.structs.replace(draft, role="assistant"),
            msgspec.structs.replace(draft, content_type="text/markdown"),
            msgspec.structs.replace(draft, chat_id=other_chat),
        ):
            with pytest.raises(MessageIdTaken):
                await messages.send(desk, ada.who, other, None)

    at_desk(house, story)


def test_an_id_that_another_person_used_is_taken(house: House, ada: Person) -> None:
    ben, message_id = person(house, "ben"), new_id()

    async def story(desk: Desk) -> None:
        await messages.send(desk, ben.who, into(None, message_id=message_id), None)
        with pytest.raises(MessageIdTaken):
            await messages.send(desk, ada.who, into(None, message_id=message_id), None)

    at_desk(house, story)
    assert [owner for _, owner in house.keyring.stream_keys_before(2**62, "", 10)] == [ben.user]


def test_a_message_of_a_deleted_chat_is_not_there_any_more(house: House, ada: Person) -> None:
    draft = into(started_chat(house, ada), message_id=new_id())

    async def story(desk: Desk) -> None:
        await messages.send(desk, ada.who, draft, None)
        await chats.delete(desk, ada.who, str(draft.chat_id))
        with pytest.raises(NotFound):
            await messages.send(desk, ada.who, draft, None)
        with pytest.raises(NotFound):
            await messages.mark(desk, ada.who, str(draft.message_id), "read", "", None)

    at_desk(house, story)


@pytest.mark.parametrize("in_chat", [True, False])
def test_the_same_message_many_times_at_once_is_sent_once(house: House, ada: Person, in_chat: bool) -> None:
    draft = into(started_chat(house, ada) if in_chat else None, message_id=new_id())

    async def story(desk: Desk) -> list[Sent]:
        return await asyncio.gather(*(messages.send(desk, ada.who, draft, None) for _ in range(8)))

    sent = at_desk(house, story)
    assert len({(one.message_id, one.chat_id, one.position) for one in sent}) == 1
    assert types_in_order(house).count(MessageSent) == 1
    assert len(house.keyring.stream_keys_before(2**62, "", 10)) == 1  # Of the others' chats no key is left.


@pytest.mark.parametrize("in_chat", [True, False])
def test_the_same_request_again_is_answered_as_the_first_time(house: House, ada: Person, in_chat: bool) -> None:
    draft = into(started_chat(house, ada) if in_chat else None)

    async def story(desk: Desk) -> None:
        sent = await asyncio.gather(*(messages.send(desk, ada.who, draft, asked()) for _ in range(6)))
        assert len({(one.message_id, one.chat_id, one.position, one.created_at_us) for one in sent}) == 1
        assert (await messages.send(desk, ada.who, draft, asked())).replayed
        with pytest.raises(RequestReused):
            await messages.send(desk, ada.who, draft, asked(body=b"other"))

    at_desk(house, story)
    assert types_in_order(house).count(MessageSent) == 1


@pytest.mark.parametrize("in_chat", [True, False])
def test_a_message_whose_outcome_was_open_can_be_read_when_it_is_acknowledged_later(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, in_chat: bool
) -> None:
    draft = into(started_chat(house, ada) if in_chat else None)

    async def story(desk: Desk) -> Sent:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError, written=True)
            with pytest.raises(TimeoutError):
                await messages.send(desk, ada.who, draft, asked())
        return await messages.send(desk, ada.who, draft, asked())

    sent = at_desk(house, story)
    assert sent.replayed
    assert content_of(house, ada, sent) == draft.content


# -- against a chat that is deleted meanwhile --------------------------------------------------------------------


def test_a_chat_deleted_between_deciding_and_appending_takes_nothing_in(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: chats.delete(desk, ada.who, chat_id))
        with pytest.raises(NotFound):
            await messages.send(desk, ada.who, into(chat_id), None)

    at_desk(house, story)
    assert types_in_order(house)[-1] is ChatDeleted


def test_a_chat_renamed_meanwhile_is_no_reason_to_refuse(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> Sent:
        before_append(desk, monkeypatch, lambda: chats.rename(desk, ada.who, chat_id, "New"))
        return await messages.send(desk, ada.who, into(chat_id), None)

    assert at_desk(house, story).position == house.log.head()


def test_however_many_are_sending_nothing_lands_after_the_deletion(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def keep_sending(desk: Desk) -> int:
        sent = 0
        try:
            while True:
                await messages.send(desk, ada.who, into(chat_id), None)
                sent += 1
        except NotFound:
            return sent

    async def delete_soon(desk: Desk) -> None:
        while types_in_order(house).count(MessageSent) < 40:  # noqa: ASYNC110  # The log sets no Event.
            await asyncio.sleep(0)
        await chats.delete(desk, ada.who, chat_id)

    async def story(desk: Desk) -> int:
        *counts, _ = await asyncio.gather(*(keep_sending(desk) for _ in range(16)), delete_soon(desk))
        return sum(count or 0 for count in counts)

    acknowledged = at_desk(house, story)
    types = types_in_order(house)
    assert types[-1] is ChatDeleted
    assert types.count(MessageSent) == acknowledged >= 40


# -- what becomes of it ------------------------------------------------------------------------------------------


def test_a_status_moves_forward_and_the_same_one_again_changes_nothing(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        sent = await messages.send(desk, ada.who, HELLO, None)
        delivered = await messages.mark(desk, ada.who, sent.message_id, "delivered", "", None)
        assert delivered.position == house.log.head()
        again = await messages.mark(desk, ada.who, sent.message_id, "delivered", "", None)
        assert again.position == delivered.position == house.log.head()
        await messages.mark(desk, ada.who, sent.message_id, "read", "", None)
        for status in ("delivered", "error"):
            with pytest.raises(StatusBackwards):
                await messages.mark(desk, ada.who, sent.message_id, status, "late", None)

    at_desk(house, story)


def test_a_failure_keeps_its_code(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        sent = await messages.send(desk, ada.who, HELLO, None)
        await messages.mark(desk, ada.who, sent.message_id, "error", "model_unreachable", None)

    at_desk(house, story)
    (last,) = house.log.read_all(house.log.head() - 1, 1)
    assert to_fact(last).event == MessageFailed(code="model_unreachable")


def test_a_status_under_the_same_key_is_set_once(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        sent = await messages.send(desk, ada.who, HELLO, None)
        marked = await asyncio.gather(
            *(messages.mark(desk, ada.who, sent.message_id, "delivered", "", asked()) for _ in range(4))
        )
        assert len({one.position for one in marked}) == 1
        await messages.mark(desk, ada.who, sent.message_id, "read", "", None)
        assert (await messages.mark(desk, ada.who, sent.message_id, "delivered", "", asked())).replayed

    at_desk(house, story)
    assert types_in_order(house).count(MessageDelivered) == 1


def test_another_persons_message_has_no_status(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        sent = await messages.send(desk, person(house, "ben").who, HELLO, None)
        for message_id in (sent.message_id, new_id()):
            with pytest.raises(NotFound):
                await messages.mark(desk, ada.who, message_id, "read", "", None)

    at_desk(house, story)
