"""What a token may do over HTTP: which routes its kind opens, and which chats."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Final

import falcon.asgi
import falcon.testing
import pytest

from api import operation, tus
from api.operation import Operation
from api.permits import Access
from api.routes import routes
from domain.events import TokenKind
from service.desk.desk import Desk
from service.files import messages
from service.files.messages import Draft
from service.house.house import House
from service.house.principal import Principal, encode_token
from service.uploads.pending import end_of_token
from tests.api.asking import Clock, ask, conducted, problem, project
from tests.builders import Person, started_chat, uploaded_file
from tests.service.desks import at_desk
from tests.service.holding import Bot, bot, errands_done

NOBODY: Final = "018f0000-0000-7000-8000-000000000000"
KINDS: Final[tuple[TokenKind, ...]] = ("read_write", "read", "write")
ALLOWED: Final[dict[Access, set[TokenKind]]] = {
    "read": {"read_write", "read"},
    "post": {"read_write", "write"},
    "write": {"read_write"},
    "account": set(),
}
ACCESS: Final[dict[str, Access]] = {
    "POST /chats": "post",
    "PATCH /chats/{chat_id}": "write",
    "DELETE /chats/{chat_id}": "write",
    "POST /messages": "post",
    "POST /messages/{message_id}/status": "write",
    "POST /upload/files": "post",
    "POST /upload/audio": "post",
    "POST /uploads": "post",
    "HEAD /uploads/{upload_id}": "post",
    "PATCH /uploads/{upload_id}": "post",
    "DELETE /uploads/{upload_id}": "post",
    "GET /files/{file_id}": "read",
    "DELETE /files/{file_id}": "write",
    "POST /files/{file_id}/retry": "write",
    "GET /files/{file_id}/content": "read",
    "HEAD /files/{file_id}/content": "read",
    "GET /files/{file_id}/waveform": "read",
    "GET /files/{file_id}/thumbnail": "read",
    "GET /files/{file_id}/transcript": "read",
    "GET /user/data": "read",
    "GET /user/events": "read",
    "GET /user/events/{position}/proof": "read",
    "GET /user/export": "read",
    "GET /stream": "read",
}
"""Every route that some token may use; whatever is not in here needs a session."""
ACCOUNT_WIDE: Final = {"GET /user/events", "GET /user/events/{position}/proof", "GET /user/export"}


def operations(house: House) -> Iterator[tuple[str, Operation]]:
    """`METHOD /path`, and what is known of it, of every route that asks who is there."""

    async def listed(desk: Desk) -> list[tuple[str, Any]]:
        return routes(desk)

    for path, resource in at_desk(house, listed):
        for name in dir(resource):
            spec = getattr(getattr(resource, name), "operation", None) if name.startswith("on_") else None
            if spec is not None and spec.auth == "session":
                yield f"{name.removeprefix('on_').upper()} {path}", spec


def test_every_route_says_who_may(house: House) -> None:
    told = {name: spec.access for name, spec in operations(house)}
    assert {name: access for name, access in told.items() if access != "account"} == ACCESS
    some = [(name, spec) for name, spec in operations(house) if spec.access != "account"]
    assert {name for name, spec in some if spec.account_wide} == ACCOUNT_WIDE


def test_a_route_that_says_nothing_is_for_sessions_and_for_no_token_of_some_chats() -> None:
    said_nothing = Operation(summary="A thing", answers={})
    assert (said_nothing.auth, said_nothing.access, said_nothing.account_wide) == ("session", "account", True)


def knock(house: House, names: Iterable[str], holder: Person | Bot) -> dict[str, falcon.testing.Result]:
    """Requests that are right in everything but what they name, and so would be refused further on: 404, 415, 422."""
    headers = {"Authorization": f"Bearer {encode_token(holder.token)}", "Tus-Resumable": "1.0.0"}

    async def story(desk: Desk) -> dict[str, falcon.testing.Result]:
        async with conducted(desk) as conductor:
            return {name: await conductor.simulate_request(*_named(name), headers=headers) for name in names}

    return at_desk(house, story)


def _named(name: str) -> tuple[str, str]:
    method, path = name.split(" ")
    for part in ("chat_id", "message_id", "upload_id", "file_id", "session_id", "token_id", "passkey_id"):
        path = path.replace(f"{{{part}}}", NOBODY)
    return method, "/api/v1" + path.replace("{position}", "1")


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_does_what_its_kind_may_and_nothing_else(house: House, ada: Person, kind: TokenKind) -> None:
    started_chat(house, ada)
    project(house)
    holder = bot(house, ada, kind)
    # GET /stream would be listened to for ever; the story in tests/e2e does.
    told = {name: spec for name, spec in operations(house) if name != "GET /stream"}
    for name, result in knock(house, told, holder).items():
        spec = told[name]
        if kind in ALLOWED[spec.access]:
            assert result.status_code not in (401, 403), (name, result.text)
        else:
            assert result.status_code == 403, (name, result.text)
            if not name.startswith("HEAD"):
                problem(result, 403, "session_needed" if spec.access == "account" else "not_allowed")


def test_a_write_only_token_does_not_listen(house: House, ada: Person) -> None:
    (result,) = knock(house, ["GET /stream"], bot(house, ada, "write")).values()
    problem(result, 403, "not_allowed")


def test_a_token_is_no_cookie(house: House, ada: Person) -> None:
    holder = bot(house, ada, "read_write")
    result = ask(house, "/user/data", headers={"Cookie": f"strongroom={encode_token(holder.token)}"})
    problem(result, 401, "bad_credentials")


def test_what_is_revoked_answers_like_what_never_was(house: House, ada: Person) -> None:
    holder = bot(house, ada, "read")
    house.keyring.drop_token(holder.token_id, ada.user)
    gone = ask(house, "/user/data", headers={"Authorization": f"Bearer {encode_token(holder.token)}"})
    never = ask(house, "/user/data", headers={"Authorization": f"Bearer {encode_token(bytes(32))}"})
    assert problem(gone, 401, "bad_credentials") == problem(never, 401, "bad_credentials")


@pytest.mark.parametrize("sender", ["session", "token"])
def test_a_body_that_ends_after_its_sender_was_shut_out_does_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    holder = ada if sender == "session" else bot(house, ada, "write")
    read = operation._json_bytes

    async def slowly(*given: Any) -> bytes:
        data = await read(*given)
        house.keyring.seal(ada.user)
        return data

    monkeypatch.setattr(operation, "_json_bytes", slowly)
    headers = {"Authorization": f"Bearer {encode_token(holder.token)}", "Content-Type": "application/json"}
    head = house.log.head()
    problem(ask(house, "/messages", method="POST", headers=headers, body=b'{"content": "x"}'), 401, "bad_credentials")
    assert house.log.head() == head


def test_an_upload_that_comes_in_one_piece_is_refused_when_its_token_ends_meanwhile(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is told as that, though it is gone already."""
    holder = bot(house, ada, "write")

    async def slowly(req: falcon.asgi.Request) -> AsyncIterator[bytes]:
        house.keyring.drop_token(holder.token_id, ada.user)
        end_of_token(house, holder.token_id)
        yield await req.stream.read()

    monkeypatch.setattr(tus, "chunks", slowly)
    headers = {
        "Authorization": f"Bearer {encode_token(holder.token)}",
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "3",
        "Content-Type": "application/offset+octet-stream",
    }
    problem(ask(house, "/uploads", method="POST", headers=headers, body=b"abc"), 401, "bad_credentials")
    assert house.pending.claimed_bytes(ada.user) == 0


# -- issuing -----------------------------------------------------------------------------------------------------------


def issue(house: House, ada: Person, **changes: object) -> falcon.testing.Result:
    form = {"password": ada.password, "name": "the porch light", "scopes": ["write"], **changes}
    headers = {"Content-Type": "application/json"}
    return ask(house, "/auth/tokens", ada, method="POST", headers=headers, body=json.dumps(form).encode())


def test_a_token_is_shown_once_and_listed_from_then_on(house: House, ada: Person, clock: Clock) -> None:
    chat_id = started_chat(house, ada)
    made = issue(house, ada, scopes=["write", "read"], chat_ids=[chat_id], expires_in_days=7)
    assert made.status_code == 201, made.text
    assert made.json["token"].startswith("sr_")
    shown = {name: value for name, value in made.json.items() if name not in ("token", "position")}
    assert (shown["scopes"], shown["chat_ids"]) == (["read", "write"], [chat_id])
    assert ask(house, "/auth/tokens", ada).json == {"tokens": [{**shown, "last_used_at": None}]}
    assert ask(house, f"/auth/tokens/{shown['id']}", ada, method="DELETE").status_code == 204
    assert ask(house, "/auth/tokens", ada).json == {"tokens": []}
    problem(ask(house, f"/auth/tokens/{NOBODY}", ada, method="DELETE"), 404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["read", "read"]},
        {"scopes": ["admin"]},
        {"name": ""},
        {"name": "\u202e"},
        {"name": "x" * 101},
        {"expires_in_days": 0},
        {"expires_in_days": 3651},
        {"chat_ids": []},
        {"chat_ids": ["no-id"]},
        {"chat_ids": [NOBODY] * 101},
        {"kind": "write"},
    ],
)
def test_a_form_that_is_none_issues_nothing(house: House, ada: Person, changes: dict[str, object]) -> None:
    problem(issue(house, ada, **changes), 422, "validation_failed")
    assert house.keyring.tokens(ada.user, 0) == []


def test_the_wrong_password_issues_nothing(house: House, ada: Person) -> None:
    problem(issue(house, ada, password="not hers, but long enough"), 403, "wrong_password")
    problem(issue(house, ada, chat_ids=[NOBODY]), 404, "not_found")


# -- some chats only ---------------------------------------------------------------------------------------------------


class Rooms:
    """Two chats with a message and a file in each, and a file in none."""

    def __init__(self, house: House, ada: Person) -> None:
        self.inside, self.outside = started_chat(house, ada, "inside"), started_chat(house, ada, "outside")
        self.near, self.far = (self._message(house, ada.who, chat) for chat in (self.inside, self.outside))
        self.here, self.there, self.nowhere = (
            uploaded_file(house, ada, b"data", chat_id=chat) for chat in (self.inside, self.outside, None)
        )
        project(house)

    @staticmethod
    def _message(house: House, who: Principal, chat_id: str) -> str:
        draft = Draft("the tide is in", chat_id, "text/plain", "user", None, ())
        return at_desk(house, lambda desk: messages.send(desk, who, draft, None)).message_id


@pytest.fixture
def rooms(house: House, ada: Person) -> Rooms:
    return Rooms(house, ada)


def post(house: House, holder: Bot, path: str, body: object, method: str = "POST") -> falcon.testing.Result:
    headers = {"Authorization": f"Bearer {encode_token(holder.token)}", "Content-Type": "application/json"}
    return ask(house, path, method=method, headers=headers, body=json.dumps(body).encode())


def get(house: House, holder: Bot, path: str, **headers: str) -> falcon.testing.Result:
    return ask(house, path, headers={"Authorization": f"Bearer {encode_token(holder.token)}", **headers})


@pytest.mark.parametrize(
    "query", ["", "?limit=100", "?limit=1", "?order=desc&limit=100", "?q=i", "?as_of={head}", "?as_of={head}&limit=2"]
)
def test_user_data_shows_its_chats_and_nothing_else(house: House, ada: Person, rooms: Rooms, query: str) -> None:
    holder = bot(house, ada, "read", rooms.inside)
    project(house)
    query = query.replace("{head}", str(house.log.head()))
    seen: dict[str, list[str]] = {"chats": [], "messages": [], "files": []}
    cursor: str | None = ""
    while cursor is not None:
        page = get(house, holder, f"/user/data{query}" + (f"&cursor={cursor}" if cursor else "")).json
        assert (page["user"], page["sessions"]) == (None, [])
        seen["chats"] += [chat["chat_id"] for chat in page["chats"]]
        seen["messages"] += [message["message_id"] for message in page["messages"]]
        seen["files"] += [file["file_id"] for file in page["files"]]
        cursor = page["next_cursor"]
    named = [] if "q=" in query else [rooms.here]
    assert seen == {"chats": [rooms.inside], "messages": [rooms.near], "files": named}


def test_another_chat_filtered_for_is_an_empty_one(house: House, ada: Person, rooms: Rooms) -> None:
    holder = bot(house, ada, "read", rooms.inside)
    for chat_id, count in ((rooms.inside, 1), (rooms.outside, 0), (NOBODY, 0)):
        assert len(get(house, holder, f"/user/data?chat_id={chat_id}").json["messages"]) == count


def test_what_one_token_has_seen_is_not_anothers_304(house: House, ada: Person, rooms: Rooms) -> None:
    one, two = bot(house, ada, "read", rooms.inside), bot(house, ada, "read", rooms.outside)
    get(house, one, "/user/data")  # Its first use of the day is an event.
    errands_done(house)
    project(house)
    etag = get(house, one, "/user/data").headers["etag"]
    assert get(house, one, "/user/data", **{"If-None-Match": etag}).status_code == 304
    assert get(house, two, "/user/data", **{"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("tail", ["", "/content", "/waveform", "/thumbnail", "/transcript"])
def test_files_elsewhere_are_not_there(house: House, ada: Person, rooms: Rooms, tail: str) -> None:
    holder = bot(house, ada, "read_write", rooms.inside)
    assert get(house, holder, f"/files/{rooms.here}{tail}").status_code in (200, 409)
    for file_id in (rooms.there, rooms.nowhere):
        problem(get(house, holder, f"/files/{file_id}{tail}"), 404, "not_found")


def test_nothing_elsewhere_is_changed(house: House, ada: Person, rooms: Rooms) -> None:
    holder = bot(house, ada, "read_write", rooms.inside)
    head = house.log.head()
    for method, path, body in (
        ("PATCH", f"/chats/{rooms.outside}", {"title": "mine"}),
        ("DELETE", f"/chats/{rooms.outside}", None),
        ("POST", "/messages", {"content": "hello", "chat_id": rooms.outside}),
        ("POST", f"/messages/{rooms.far}/status", {"status": "read"}),
        ("DELETE", f"/files/{rooms.there}", None),
        ("DELETE", f"/files/{rooms.nowhere}", None),
        ("POST", f"/files/{rooms.there}/retry", None),
    ):
        problem(post(house, holder, path, body, method), 404, "not_found")
    for file_id in (rooms.there, rooms.nowhere):
        with_file = {"content": "see this", "chat_id": rooms.inside, "file_ids": [file_id]}
        problem(post(house, holder, "/messages", with_file), 422, "unknown_file")
    again = {"content": "the tide is in", "chat_id": rooms.inside, "message_id": rooms.far}
    problem(post(house, holder, "/messages", again), 409, "message_id_taken")
    errands_done(house)
    assert [record.envelope.type for record in house.log.read_all(head, 10)] == ["ApiTokenUsed"]


def test_it_starts_no_chats_and_sees_nothing_of_the_account(house: House, ada: Person, rooms: Rooms) -> None:
    holder = bot(house, ada, "read_write", rooms.inside)
    for path, body in (("/chats", {}), ("/messages", {"content": "hello"})):
        problem(post(house, holder, path, body), 403, "not_allowed")
    for path in ("/user/events", f"/user/events/{house.log.head()}/proof", "/user/export"):
        problem(get(house, holder, path), 403, "not_allowed")


@pytest.mark.parametrize("kind", ["read_write", "write"])
def test_within_its_chats_it_does_all_that_its_kind_may(
    house: House, ada: Person, rooms: Rooms, kind: TokenKind
) -> None:
    holder = bot(house, ada, kind, rooms.inside)
    body = {"content": "see this", "chat_id": rooms.inside, "file_ids": [rooms.here]}
    sent = post(house, holder, "/messages", body)
    assert sent.status_code == 201, sent.text
    if kind == "read_write":
        status = f"/messages/{sent.json['message_id']}/status"
        assert post(house, holder, status, {"status": "read"}).status_code == 200
        assert post(house, holder, f"/chats/{rooms.inside}", {"title": "new"}, "PATCH").status_code == 200
