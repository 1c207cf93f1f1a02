"""The lines of an event, and the fields of every event there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.events import AnyEvent, AudioAnalysed, AudioTranscribed, FileEvent, ImageAnalysed, MessageEvent, take_apart
from eventstore.errors import LogCorrupt
from eventstore.record import Append, NewRecord
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.keychain import Keychain
from service.processing.storing import store
from service.reading.stream_events import NAMES, Telling, event_lines, status_after
from tests import builders
from tests.builders import Person
from tests.domain.examples import EXAMPLES


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        yield house


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


def test_whatever_a_person_writes_stays_on_one_line() -> None:
    wicked = "a\nb\r\nc\rd\u2028e\u0085f\u2029g\x0bh\x1ei\x00\n\ndata: {}\nid: 7"
    lines = event_lines("MessageSent", {"content": wicked}, 3)
    assert lines.decode().splitlines() == lines.decode().split("\n")[:-1]  # Also by Unicode's idea of a line.
    assert lines.startswith(b"id: 3\nevent: MessageSent\ndata: ")
    assert lines.endswith(b"\n\n")
    assert lines.count(b"\n") == 4
    assert b"\r" not in lines
    assert json.loads(lines.split(b"data: ", 1)[1])["content"] == wicked


def test_an_event_without_a_position_has_no_id() -> None:
    assert event_lines("progress", {}) == b"event: progress\ndata: {}\n\n"


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_no_field_of_an_event_hides_another(event: AnyEvent) -> None:
    parts = take_apart(event)
    names = [NAMES.get(name, name) for name in (*parts.public, *(parts.private or {}))]
    assert len({*names, "position", "at", "status", "forgotten", _subject(event)}) == len(names) + 5


def _subject(event: AnyEvent) -> str:
    if isinstance(event, FileEvent):
        return "file_id"
    if isinstance(event, MessageEvent):
        return "message_id"
    return "chat_id" if type(event).__name__.startswith("Chat") else "session_id"


def test_messages_and_files_have_a_status_and_nothing_else_has() -> None:
    for event in EXAMPLES:
        assert (status_after(event) is not None) == isinstance(event, MessageEvent | FileEvent)


def test_every_event_opens_with_the_keys_of_its_owner(house: House, ada: Person) -> None:
    """Identity, client hint, title, name, details, and what was found out about a file."""
    builders.started_chat(house, ada, "a title")
    file_id = builders.uploaded_file(house, ada, b"bytes")
    store(house, house.log, file_id)
    found = [event for event in EXAMPLES if isinstance(event, AudioAnalysed | ImageAnalysed | AudioTranscribed)]
    details = Keychain(house, ada.who).details(file_id)
    assert details is not None
    sealing = Sealing(f"blob-{file_id}", details)
    house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 2, found, sealing)))
    telling = Telling(house, ada.who)
    told = [telling.fields(record) for record in house.log.read_user(ada.user, 0, 100)]
    assert [fields["position"] for fields in told] == list(range(1, 10))
    assert not any("forgotten" in fields for fields in told)
    for name in ("username", "client", "title", "name", "mime_type", "codec", "width", "segments"):
        assert sum(name in fields for fields in told) == 1, name
    for told_event, event in zip(told[-3:], found, strict=True):
        assert take_apart(event).private is not None
        assert (take_apart(event).private or {}).items() <= told_event.items()


def test_a_key_that_nobody_knows_is_not_taken_for_a_forgotten_one(house: House, ada: Person) -> None:
    record = NewRecord(f"chat-{ada.user}", 1, "ChatStarted", 1, ada.user, {}, key_id="moon-1", sealed=b"sealed")
    position = house.writer.append(Append((record,))).last
    with pytest.raises(LogCorrupt, match=f"position {position}"):
        Telling(house, ada.who).fields(house.log.read_user(ada.user, position - 1, 1)[0])
