"""Looking back into a chat, page by page."""

from __future__ import annotations

import asyncio

import pytest

from service.assistant import client, history
from service.assistant.client import Strongroom
from service.assistant.errors import AssistantError
from service.assistant.history import Chat, Question, look
from service.assistant.ids import answer_id
from service.assistant.running import run
from service.assistant.settings import Secret
from tests.assistant.made import settings
from tests.assistant.model_made import FakeModel
from tests.e2e.people import Json, Person


def looked(person: Person, sent: Json, messages: int = 10) -> Chat:
    async def looking() -> Chat:
        strongroom = Strongroom(person.stack.url, Secret(person.token), 0.05)
        try:
            asked = Question(sent["message_id"], sent["chat_id"], "user", sent["created_at"], "the question")
            return await look(strongroom, asked, messages)
        finally:
            await strongroom.close()

    return asyncio.run(looking())


def test_it_goes_back_as_far_as_it_needs(bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    chat_id = bob.chat()
    for number in range(6):
        bob.send(f"before {number}", chat_id=chat_id)
    sent = bob.send("the question", chat_id=chat_id)
    bob.send("after", chat_id=chat_id)
    found = looked(bob, sent, messages=3)
    assert [row.content for row in found.rows][-4:] == ["before 4", "before 5", "the question", "after"]
    assert len(found.rows) < 8
    assert len(looked(bob, sent).rows) == 8


def test_a_question_too_far_back_is_asked_without_the_chat(bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 1)
    monkeypatch.setattr(history, "MOST_PAGES", 1)
    sent = bob.send("the question")
    bob.send("after", chat_id=sent["chat_id"])
    found = looked(bob, sent)
    assert (found.asked, found.answered) == (found.rows[0], False)
    assert [row.content for row in found.rows] == ["the question"]
    answer = {"role": "assistant", "message_id": answer_id(sent["message_id"])}
    bob.send("an answer", chat_id=sent["chat_id"], **answer)
    assert looked(bob, sent).answered


def test_a_question_in_a_deleted_chat_is_gone(bob: Person) -> None:
    sent = bob.send("the question")
    assert bob.http.delete(f"/chats/{sent['chat_id']}").status_code == 202
    found = looked(bob, sent)
    assert (found.asked, found.rows) == (None, ())


def test_what_is_no_strongroom_is_told_apart(model: FakeModel) -> None:
    with pytest.raises(AssistantError, match="does not speak like a Strongroom"):
        run(settings("http://127.0.0.1:9", server=model.url))
