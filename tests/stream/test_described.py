"""What the OpenAPI document says of the stream's events is what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.docs.openapi import api_document
from tests.e2e.people import Person, done
from tests.media_made import tone_wav
from tests.stream.ears import Event, listening


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    events: dict[str, Any] = api_document()["components"]["schemas"]["StreamEvents"]["properties"]
    return events


def undescribed(event: Event, described: dict[str, Any]) -> list[str]:
    """Fields that the document does not know, and such as it promises and are not there."""
    schema = described[event.name]
    held, known, promised = set(event.data), set(schema["properties"]), set(schema["required"])
    statuses = schema["properties"].get("status", {}).get("enum", [None])
    wrong = [] if event.data.get("status") in statuses else ["status"]
    return sorted((held - known) | (promised - held)) + wrong


def test_every_event_holds_what_the_document_says_of_it(ada: Person, described: dict[str, Any]) -> None:
    with listening(ada) as ear:
        sent = ada.send("a message")
        done(ada.http.patch(f"/chats/{sent['chat_id']}", json={"title": "another"}), 200)
        for status in ("delivered", "read"):
            done(ada.http.post(f"/messages/{sent['message_id']}/status", json={"status": status}), 200)
        failed = ada.send("another message")
        done(ada.http.post(f"/messages/{failed['message_id']}/status", json={"status": "error", "code": "lost"}), 200)
        told = [ear.next()]
        sound = ada.upload_one(tone_wav(), "tone.wav")
        while told[-1].name != "AudioAnalysed":
            told.append(ear.next())
        done(ada.http.delete(f"/files/{sound}"), 202)
        done(ada.http.delete(f"/chats/{sent['chat_id']}"), 202)
        while told[-1].name != "ChatDeleted":
            told.append(ear.next())
        assert ada.http.post("/auth/logout").status_code == 204
        while told[-1].name != "end":
            told.append(ear.next())
    names = {event.name for event in told}
    assert names >= {"ready", "MessageSent", "MessageFailed", "FileStored", "AudioAnalysed", "FileDeleted", "end"}
    assert [(event.name, wrong) for event in told if (wrong := undescribed(event, described))] == []


def test_what_is_forgotten_is_described_too(ada: Person, described: dict[str, Any]) -> None:
    sent = ada.send("a secret")
    done(ada.http.delete(f"/chats/{sent['chat_id']}"), 202)
    with listening(ada, 0) as ear:
        told = [ear.next()]
        while told[-1].name != "ChatDeleted":
            told.append(ear.next())
    assert any(event.data.get("forgotten") for event in told)
    assert [(event.name, wrong) for event in told if (wrong := undescribed(event, described))] == []


def test_another_field_is_found(described: dict[str, Any]) -> None:
    ready = described["ready"]["required"]
    assert ready == ["position"]
    assert undescribed(Event(1, "ready", {"place": 1}), described) == ["place", "position"]
    assert undescribed(Event(1, "FileDeleted", {"status": "gone"}), described)[-1] == "status"
