"""What people get from an assistant, and what the model is told."""

from __future__ import annotations

import pytest

from service.assistant.ids import answer_id
from tests.assistant import model_made
from tests.assistant.conftest import SYSTEM
from tests.assistant.model_made import HEARD, Behaviour, FakeModel, plain
from tests.assistant.running import KEY, Assistant, answers, messages, question_in, settled
from tests.e2e.people import Person
from tests.media_made import tone_wav
from tests.stream.ears import listening
from tests.waiting import wait_for


def test_a_question_is_answered_once_with_the_chat_before_it(aide: Assistant, ada: Person, model: FakeModel) -> None:
    first = ada.send("What is a tide?")
    settled(ada, first)
    second = ada.send("And a neap tide?", chat_id=first["chat_id"])
    settled(ada, second)
    assert answers(ada, first["chat_id"]) == ["Re: What is a tide?", "Re: And a neap tide?"]
    (prompt,) = model.prompts("And a neap tide?")
    assert [(turn["role"], turn["content"]) for turn in prompt] == [
        ("system", SYSTEM),
        ("user", "What is a tide?"),
        ("assistant", "Re: What is a tide?"),
        ("user", "And a neap tide?"),
    ]
    asked = model.asked[-1]
    assert (asked["model"], asked["stream"], asked["temperature"]) == ("made-up", True, 0.5)
    assert model.headers[-1]["Authorization"] == f"Bearer {KEY}"


def test_a_question_is_delivered_then_answered_then_read(aide: Assistant, ada: Person) -> None:
    with listening(ada) as ear:
        assert ear.next().name == "ready"
        sent = ada.send("Who was Ada?")
        chat, question, delivered, answer, read = ear.take(5)
    assert [event.name for event in (chat, question)] == ["ChatStarted", "MessageSent"]
    assert (delivered.name, delivered.data["message_id"]) == ("MessageDelivered", sent["message_id"])
    assert (answer.name, answer.data["role"]) == ("MessageSent", "assistant")
    assert answer.data["message_id"] == answer_id(sent["message_id"])
    assert (read.name, read.data["message_id"]) == ("MessageRead", sent["message_id"])


def test_what_a_voice_note_says_is_told_and_files_by_their_names(
    aide: Assistant, ada: Person, model: FakeModel
) -> None:
    (note,) = ada.upload(("note.wav", tone_wav(), "audio/wav"), to="/upload/audio")
    paper = ada.upload_one(b"pages", "paper.txt")
    sent = ada.send("What did I say?", file_ids=[note["file_id"], paper])
    assert settled(ada, sent)["status"] == "read"
    (prompt,) = model.prompts("What did I say?")
    told = f"What did I say?\n[voice note: note.wav, transcript:]\n{HEARD}\n[file: paper.txt]"
    assert prompt[-1]["content"] == told
    later = ada.send("Say it again.", chat_id=sent["chat_id"])
    settled(ada, later)
    assert model.prompts("Say it again.")[0][1]["content"] == told


def test_only_what_the_person_says_is_answered(aide: Assistant, ada: Person, model: FakeModel) -> None:
    chat_id = ada.chat()
    for role in ("assistant", "system"):
        ada.send(f"by the {role}", chat_id=chat_id, role=role)
    settled(ada, ada.send("by me", chat_id=chat_id))
    assert answers(ada, chat_id) == ["by the assistant", "Re: by me"]
    assert model.prompts("by the assistant") == []
    assert [turn["role"] for turn in model.prompts("by me")[0]] == ["system", "assistant", "system", "user"]


@pytest.mark.parametrize(("behaviour", "code"), [(model_made.cut_off, "model_cut_off"), (plain(500), "model_failed")])
def test_a_model_that_fails_each_time_makes_the_question_fail(
    aide: Assistant, ada: Person, model: FakeModel, behaviour: Behaviour, code: str
) -> None:
    words = f"{code} by {len(model.scripts)}"
    model.scripts[words] = [behaviour, behaviour]
    failed = settled(ada, ada.send(words))
    assert (failed["status"], failed["error_code"]) == ("error", code)
    assert answers(ada, failed["chat_id"]) == []
    assert len(model.prompts(words)) == 2


def test_a_question_that_the_model_refuses_is_not_asked_again(aide: Assistant, ada: Person, model: FakeModel) -> None:
    model.scripts["too much"] = [plain(400)]
    assert settled(ada, ada.send("too much"))["error_code"] == "model_refused"
    assert len(model.prompts("too much")) == 1


@pytest.mark.parametrize("behaviour", [plain(500), model_made.cut_off])
def test_a_model_that_fails_once_is_asked_again(
    aide: Assistant, ada: Person, model: FakeModel, behaviour: Behaviour
) -> None:
    words = f"once more {len(model.scripts)}"
    model.scripts[words] = [behaviour]
    sent = ada.send(words)
    assert settled(ada, sent)["status"] == "read"
    assert answers(ada, sent["chat_id"]) == [f"Re: {words}"]


def test_a_chat_that_is_deleted_meanwhile_takes_its_answer_with_it(
    aide: Assistant, ada: Person, model: FakeModel
) -> None:
    deleted: list[int] = []

    def deletes(handler: model_made.Handler) -> None:
        deleted.append(ada.http.delete(f"/chats/{sent['chat_id']}").status_code)
        model_made.saying("too late")(handler)

    model.scripts["never mind"] = [deletes]
    chat_id = ada.chat()
    sent = {"chat_id": chat_id}
    ada.send("never mind", chat_id=chat_id)
    after = ada.send("still there?")
    assert settled(ada, after)["status"] == "read"
    assert deleted == [202]
    assert messages(ada, chat_id) == []


def test_neither_words_nor_tokens_reach_its_log(aide: Assistant, ada: Person) -> None:
    sent = ada.send("the canary sings")
    settled(ada, sent)
    wait_for(lambda: sent["message_id"] in aide.log, "the log to tell of it", 10)
    for told in ("canary", ada.token, KEY, SYSTEM, "Re:"):
        assert told not in aide.log
    assert question_in(ada, sent)["status"] == "read"
