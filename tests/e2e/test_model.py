"""Random people do random things through the public API, and a few dictionaries foretell what they see."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from service.machine.ids import new_id
from tests.e2e.people import Json, Person, client, done, register
from tests.e2e.stack import Stack

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
"""For a soak: so many examples, other ones each time. Without, always the same few."""
FEW = 4
STEPS = 30
RANK = {"sent": 0, "delivered": 1, "read": 2, "error": 3}
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
BYTES = st.binary(max_size=5_000)


@dataclass
class Expected:
    """One person as the model sees them. Dictionaries keep the order of writing, like the log."""

    person: Person
    tokens: list[str]
    chats: dict[str, str] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)

    def forget_chat(self, chat_id: str) -> None:
        del self.chats[chat_id]
        for things in (self.messages, self.files):
            for id_ in [id_ for id_, thing in things.items() if thing["chat_id"] == chat_id]:
                del things[id_]


@dataclass(frozen=True)
class Target:
    """A thing of a person: what a rule acts on, whether it still stands or not."""

    owner: Expected
    id: str

    def __repr__(self) -> str:
        return f"{self.owner.person.username}'s {self.id}"


class PublicApi(RuleBasedStateMachine):
    """On the stack that the test sets."""

    stack: ClassVar[Stack]
    people: Bundle[Expected] = Bundle("people")
    chats: Bundle[Target] = Bundle("chats")
    messages: Bundle[Target] = Bundle("messages")
    files: Bundle[Target] = Bundle("files")
    tokens: Bundle[Target] = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.crowd: list[Expected] = []

    @initialize(target=people, count=st.integers(1, 2))
    def register(self, count: int) -> MultipleResults[Expected]:
        people = [register(self.stack) for _ in range(count)]
        self.crowd = [Expected(person, [person.token]) for person in people]
        return multiple(*self.crowd)

    def teardown(self) -> None:
        for expected in self.crowd:
            expected.person.http.close()

    # -- chats

    @rule(target=chats, owner=people, title=WORDS)
    def start_chat(self, owner: Expected, title: str) -> Target:
        answer = done(owner.person.http.post("/chats", json={"title": title}), 201)
        owner.chats[answer["chat_id"]] = title
        return Target(owner, answer["chat_id"])

    @rule(chat=chats, title=WORDS)
    def rename_chat(self, chat: Target, title: str) -> None:
        response = chat.owner.person.http.patch(f"/chats/{chat.id}", json={"title": title})
        if chat.id in chat.owner.chats:
            assert done(response, 200)["title"] == title
            chat.owner.chats[chat.id] = title
        else:
            assert response.status_code == 404

    @rule(chat=chats)
    def delete_chat(self, chat: Target) -> None:
        done(chat.owner.person.http.delete(f"/chats/{chat.id}"), 202)  # Again, too: it is gone.
        if chat.id in chat.owner.chats:
            chat.owner.forget_chat(chat.id)

    # -- messages

    @rule(target=messages, chat=chats, words=WORDS, again=st.booleans())
    def send(self, chat: Target, words: str, again: bool) -> Target:
        owner, message_id = chat.owner, new_id()
        body = {"content": words, "chat_id": chat.id, "message_id": message_id}
        response = owner.person.http.post("/messages", json=body)
        if chat.id in owner.chats:
            answer = done(response, 201)
            owner.messages[message_id] = {"chat_id": chat.id, "content": words, "status": "sent", "file_ids": []}
            if again:
                assert done(owner.person.http.post("/messages", json=body), 201) == answer
        else:
            assert response.status_code == 404
        return Target(owner, message_id)

    @rule(target=messages, file=files, words=WORDS)
    def send_file_into_a_new_chat(self, file: Target, words: str) -> Target | MultipleResults[Target]:
        owner = file.owner
        response = owner.person.http.post("/messages", json={"content": words, "file_ids": [file.id]})
        if file.id not in owner.files:
            assert response.status_code == 422
            return multiple()
        answer = done(response, 201)
        line = next((line.strip() for line in words.splitlines() if line.strip()), "")
        owner.chats[answer["chat_id"]] = line
        owner.messages[answer["message_id"]] = {
            "chat_id": answer["chat_id"], "content": words, "status": "sent", "file_ids": [file.id],
        }  # fmt: skip
        return Target(owner, answer["message_id"])

    @rule(message=messages, status=st.sampled_from(["delivered", "read", "error"]))
    def mark(self, message: Target, status: str) -> None:
        response = message.owner.person.http.post(f"/messages/{message.id}/status", json={"status": status})
        known = message.owner.messages.get(message.id)
        if known is None:
            assert response.status_code == 404
        elif RANK[status] < RANK[known["status"]] or (known["status"], status) == ("read", "error"):
            assert response.status_code == 409
        else:
            assert done(response, 200)["status"] == status
            known["status"] = status

    # -- files

    @rule(target=files, owner=people, parts=st.lists(BYTES, min_size=1, max_size=3))
    def upload(self, owner: Expected, parts: list[bytes]) -> MultipleResults[Target]:
        return self._uploaded(owner, None, parts)

    @rule(target=files, chat=chats, data=BYTES)
    def upload_into_chat(self, chat: Target, data: bytes) -> MultipleResults[Target]:
        return self._uploaded(chat.owner, chat.id, [data])

    def _uploaded(self, owner: Expected, chat_id: str | None, parts: list[bytes]) -> MultipleResults[Target]:
        named = [(f"{new_id()}.bin", data, "application/octet-stream") for data in parts]
        response = owner.person.post_files(named, fields=None if chat_id is None else {"chat_id": chat_id})
        if chat_id is not None and chat_id not in owner.chats:
            assert response.status_code == 404
            return multiple()
        answer = done(response, 202)
        for (name, data, _), file in zip(named, answer["files"], strict=True):
            owner.files[file["file_id"]] = {"name": name, "chat_id": chat_id, "data": data}
        return multiple(*(Target(owner, file["file_id"]) for file in answer["files"]))

    @rule(file=files)
    def download(self, file: Target) -> None:
        known = file.owner.files.get(file.id)
        if known is None:
            assert file.owner.person.http.get(f"/files/{file.id}/content").status_code == 404
        else:
            assert file.owner.person.wait_processed(file.id)["status"] == "ready"
            assert file.owner.person.download(file.id) == known["data"]

    @rule(file=files)
    def delete_file(self, file: Target) -> None:
        done(file.owner.person.http.delete(f"/files/{file.id}"), 202)
        file.owner.files.pop(file.id, None)

    @rule(file=files, stranger=people)
    def read_what_may_be_anothers(self, file: Target, stranger: Expected) -> None:
        status = stranger.person.http.get(f"/files/{file.id}").status_code
        assert status == (200 if file.id in stranger.files else 404)

    # -- sessions

    @rule(target=tokens, owner=people)
    def sign_in(self, owner: Expected) -> Target:
        token = owner.person.login()
        owner.tokens.append(token)
        return Target(owner, token)

    @rule(token=consumes(tokens))
    def sign_out(self, token: Target) -> None:
        with client(self.stack, Authorization=f"Bearer {token.id}") as http:
            assert http.post("/auth/logout").status_code == 204
            assert http.get("/user/data").status_code == 401
        token.owner.tokens.remove(token.id)

    # -- what must hold after every step

    @invariant()
    def everybody_sees_what_the_model_foretells(self) -> None:
        for owner in self.crowd:
            require_same(owner)


def require_same(owner: Expected) -> None:
    data = owner.person.data()
    assert [(chat["chat_id"], chat["title"]) for chat in data["chats"]] == list(owner.chats.items())
    messages = {each["message_id"]: each for each in data["messages"]}
    assert {id_: {name: each[name] for name in owner.messages[id_]} for id_, each in messages.items()} == owner.messages
    assert list(messages) == list(owner.messages)
    files = {each["file_id"]: each for each in data["files"]}
    assert list(files) == list(owner.files)
    for file_id, known in owner.files.items():
        seen = files[file_id]
        assert (seen["name"], seen["chat_id"], seen["size_bytes"]) == (
            known["name"],
            known["chat_id"],
            len(known["data"]),
        )
        assert seen["status"] in ("processing", "ready")
    assert len(data["sessions"]) == len(owner.tokens)


@pytest.mark.slow
def test_whatever_people_do_they_see_what_they_did(stack: Stack) -> None:
    machine = type("Machine", (PublicApi,), {"stack": stack})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or FEW,
            derandomize=not EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    stack.require_sound()
