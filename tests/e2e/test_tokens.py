"""Programs that act for somebody: a day with tokens, on a real stack with two processes that answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.e2e.people import Json, Person, client, done, once, problem
from tests.stream.ears import Ear
from tests.tus.sender import Sender
from tests.waiting import wait_for

DATA = b"the ferry leaves at nine\n" * 40_000


@contextmanager
def program(owner: Person, *scopes: str, **fields: object) -> Iterator[tuple[Person, Json]]:
    """Somebody's bot, as a person whose credentials are a token, and what the issuing answered."""
    form = {"password": owner.password, "name": "a bot", "scopes": list(scopes), **fields}
    made = done(owner.http.post("/auth/tokens", json=form), 201)
    with client(owner.stack, Authorization=f"Bearer {made['token']}") as http:
        yield replace(owner, http=http, token=made["token"]), made


def test_a_bot_that_may_only_write_leaves_things_for_somebody_who_is_away(newcomer: Person) -> None:
    chat_id = newcomer.chat("the harbour")
    with program(newcomer, "write") as (bot, made):
        assert newcomer.http.post("/auth/logout").status_code == 204
        posted = bot.send("the boats are in", chat_id=chat_id)
        elsewhere = bot.send("the bakery has opened")
        (form, recording) = (bot.upload_one(DATA), bot.upload_one(DATA, "ferry.txt"))
        resumable = Sender(bot)
        upload_id = resumable.new(len(DATA), words="filename ZmVycnkudHh0")
        assert resumable.patch(upload_id, DATA[:100_000]).status_code == 204
        assert resumable.offset(upload_id) == 100_000
        ended = resumable.patch(upload_id, DATA[100_000:], 100_000)
        assert ended.headers["Strongroom-File-Id"] == upload_id
        assert resumable.head(upload_id).headers["Upload-Offset"] == str(len(DATA))
        for path in ("/user/data", "/user/events", "/stream", f"/files/{form}", f"/files/{form}/content"):
            problem(bot.http.get(path), 403, "not_allowed")
        for path in ("/auth/sessions", "/auth/tokens"):
            problem(bot.http.get(path), 403, "session_needed")

        newcomer.http.headers["Authorization"] = f"Bearer {newcomer.login()}"
        shown = {message["message_id"]: message["content"] for message in newcomer.data()["messages"]}
        assert shown[posted["message_id"]] == "the boats are in"
        assert shown[elsewhere["message_id"]] == "the bakery has opened"
        for file_id in (form, recording, upload_id):
            assert newcomer.wait_processed(file_id)["status"] == "ready"
            assert newcomer.download(file_id) == DATA
        assert [message["content"] for message in newcomer.data(q="bakery")["messages"]] == ["the bakery has opened"]

        (listed,) = done(newcomer.http.get("/auth/tokens"), 200)["tokens"]
        assert listed["last_used_at"] is not None
        assert newcomer.http.delete(f"/auth/tokens/{made['id']}").status_code == 204
        for _ in range(4):  # Whichever process answers.
            problem(
                once("POST", f"{newcomer.stack.api}/messages", headers=bot.http.headers, json={}),
                401,
                "bad_credentials",
            )
        told = [event["type"] for event in history(newcomer) if event["type"].startswith("ApiToken")]
        assert told == ["ApiTokenIssued", "ApiTokenUsed", "ApiTokenRevoked"]


def history(person: Person) -> list[Json]:
    events: list[Json] = done(person.http.get("/user/events", params={"limit": "1000"}), 200)["events"]
    return events


def test_a_bot_of_one_chat_hears_and_says_what_is_in_it(newcomer: Person) -> None:
    inside, outside = newcomer.chat("inside"), newcomer.chat("outside")
    newcomer.send("out here", chat_id=outside)
    with program(newcomer, "read", "write", chat_ids=[inside]) as (bot, _):
        ear = Ear(newcomer.stack, bot.token, query="?after=0").listen()
        try:
            started = ear.next()
            assert (started.name, started.data["chat_id"]) == ("ChatStarted", inside)
            for number in range(150):  # More than a page of what it does not reach.
                newcomer.send(f"out here {number}", chat_id=outside)
            newcomer.send("in here", chat_id=inside)
            heard = ear.next()
            assert (heard.name, heard.data["content"]) == ("MessageSent", "in here")
            answered = bot.send("so I hear", chat_id=inside)
            own = ear.next()
            assert (own.name, own.data["message_id"]) == ("MessageSent", answered["message_id"])
            mine = bot.data()
            assert (mine["user"], len(mine["chats"]), len(mine["messages"])) == (None, 1, 2)
            assert newcomer.http.post("/auth/seal").status_code == 204
            assert (end := ear.next()).name == "end", end
        finally:
            ear.close()
        problem(bot.http.get("/user/data"), 401, "bad_credentials")
        problem(newcomer.http.get("/user/data"), 401, "bad_credentials")
    newcomer.http.headers["Authorization"] = f"Bearer {newcomer.login()}"
    wait_for(lambda: history(newcomer)[-2]["public"] == {"reason": "sealed"}, "the sealing to be told")
