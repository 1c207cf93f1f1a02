"""A person's own events with their proofs, asked of the whole app."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api import events
from eventstore.checkpoint import parse_proof, verify_proof
from eventstore.log import Entry, Log
from eventstore.merkle import leaf_hash
from eventstore.note import parse_key
from service.desk import public_log
from service.desk.desk import Desk
from service.house.house import House
from tests import builders
from tests.api.asking import ask, problem
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.logs import grow, sign, verified


def test_a_person_reads_their_own_history_page_by_page_in_both_directions(house: House, ada: Person) -> None:
    bob = builders.person(house, "bob")
    chats = []
    for number in range(5):
        builders.started_chat(house, bob, f"of bob {number}")
        chats.append(builders.started_chat(house, ada, f"secret {number}"))
    own = [record for record in house.log.read_all(0, 100) if record.envelope.user == ada.user]
    for order in ("asc", "desc"):
        seen, cursor = [], ""
        while True:
            page = ask(house, f"/user/events?order={order}&limit=3{cursor}", ada).json
            assert len(page["events"]) <= 3
            seen += page["events"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        wanted = [record.position for record in own]
        assert [event["position"] for event in seen] == (wanted if order == "asc" else wanted[::-1])
    newest = ask(house, "/user/events?order=desc&limit=1", ada).json
    assert newest["events"] == [
        {
            "position": own[-1].position,
            "at": "2027-01-15T08:00:00.000000Z",
            "type": "ChatStarted",
            "stream": "chat",
            "id": chats[-1],
            "version": 1,
            "schema": own[-1].envelope.schema,
            "key_id": own[-1].envelope.key_id,
            "sealed_bytes": len(own[-1].sealed),
            "public": {},
        }
    ]
    assert "secret" not in ask(house, "/user/events", ada).text


def test_what_is_public_of_an_event_is_told_as_the_log_has_it(house: House, ada: Person) -> None:
    builders.uploaded_file(house, ada, b"data")
    own = [record.envelope for record in house.log.read_all(0, 100) if record.envelope.user == ada.user]
    told = ask(house, "/user/events", ada).json["events"]
    assert [event["public"] for event in told] == [envelope.public for envelope in own]
    assert told[-1]["public"]["kind"] == "file"


def test_a_long_page_is_read_in_pieces_and_has_a_bound(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        builders.started_chat(house, ada, f"{number}")
    whole = ask(house, "/user/events", ada).json
    pieces: list[int] = []
    read = Log.read_user_entries

    def noted(log: Log, user: str, after: int | None, limit: int, **more: Any) -> list[Entry]:
        pieces.append(limit)
        return read(log, user, after, limit, **more)

    monkeypatch.setattr(Log, "read_user_entries", noted)
    monkeypatch.setattr(events, "PIECE", 5)
    assert ask(house, "/user/events", ada).json == whole
    assert max(pieces) == 5
    monkeypatch.setattr(events, "PIECE_BYTES", 1)  # One by one.
    monkeypatch.setattr(events, "PAGE_BYTES", len(house.log.read_entries(0, 1)[0]) * 3)
    for order in ("asc", "desc"):
        seen: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = ask(house, f"/user/events?order={order}{cursor and f'&cursor={cursor}'}", ada).json
            assert len(page["events"]) <= 4
            seen += page["events"]
            cursor = page["next_cursor"]
        assert seen == (whole["events"] if order == "asc" else whole["events"][::-1])


def test_a_page_that_holds_the_last_event_says_so(house: House, ada: Person) -> None:
    own = ask(house, "/user/events", ada).json
    assert own["next_cursor"] is None
    exact = ask(house, f"/user/events?limit={len(own['events'])}", ada).json
    assert exact == own
    assert ask(house, f"/user/events?limit={len(own['events']) - 1}", ada).json["next_cursor"] is not None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "order=up",
        "cursor=x",
        "cursor=AQ",
        "cursor=",
        "cursor=////////////",
        "after=3",
    ],
)
def test_questions_for_history_that_make_no_sense_are_refused(house: House, ada: Person, query: str) -> None:
    problem(ask(house, f"/user/events?{query}", ada), 422, "validation_failed")


def test_a_cursor_goes_on_in_its_own_direction_only(house: House, ada: Person) -> None:
    cursor = ask(house, "/user/events?limit=1", ada).json["next_cursor"]
    problem(ask(house, f"/user/events?order=desc&cursor={cursor}", ada), 422, "validation_failed")


def test_history_and_proofs_are_for_who_is_signed_in(house: House) -> None:
    problem(ask(house, "/user/events"), 401, "bad_credentials")
    problem(ask(house, "/user/events/1/proof"), 401, "bad_credentials")


def test_a_proof_holds_the_event_and_verifies_without_the_server(house: House, ada: Person) -> None:
    grow(house, 700)
    builders.started_chat(house, ada)
    sign(house)
    key = parse_key(house.layout.log_key.read_text().strip())
    events = ask(house, "/user/events", ada).json
    assert events["checkpoint_size"] == verified(house.layout).size == house.log.head()
    for position in {event["position"] for event in events["events"]}:
        result = ask(house, f"/user/events/{position}/proof", ada)
        assert (result.status_code, result.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert result.headers["cache-control"] == "no-store"
        proof = parse_proof(result.content)
        assert proof.index == position - 1
        (envelope,) = house.log.read_entries(position - 1, 1)
        assert proof.extra == envelope
        assert verify_proof(proof, leaf_hash(proof.extra), key) == verified(house.layout)


def test_events_of_others_and_of_nobody_have_no_proof(house: House, ada: Person) -> None:
    bob = builders.person(house, "bob")
    builders.started_chat(house, bob)
    builders.started_chat(house, ada)
    sign(house)
    others = [str(record.position) for record in house.log.read_all(0, 100) if record.envelope.user != ada.user]
    assert others
    for text in [*others, "0", "99", "01", "-1", "+1", "x", "1e0", "9" * 19, "9" * 30, "\u0661", "1.0"]:
        problem(ask(house, f"/user/events/{text}/proof", ada), 404, "not_found")


def test_an_event_that_no_checkpoint_covers_is_asked_for_again_later(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_log, "PROOF_WAIT_S", 0.1)
    sign(house)
    builders.started_chat(house, ada)
    result = ask(house, f"/user/events/{house.log.head()}/proof", ada)
    assert result.headers["retry-after"] == "1"
    problem(result, 503, "busy")


def test_the_checkpoint_of_this_second_is_waited_for(house: House, ada: Person) -> None:
    sign(house)
    builders.started_chat(house, ada)
    position = house.log.head()

    async def story(desk: Desk) -> int:
        waiting = asyncio.create_task(desk.public_log.published_at(position))
        await asyncio.sleep(0)
        assert not waiting.done()
        await desk.aside(lambda: sign(house))
        found = await waiting
        assert found is not None
        return found.size

    assert at_desk(house, story) == position
