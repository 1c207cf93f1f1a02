"""What a stream tells: everything that is one's own, opened, in the order of the log, and nothing else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.people import Person, done, somebody
from tests.e2e.stack import NO_TLS, Stack, running_stack
from tests.stream.ears import Ear, Event, listening
from tests.waiting import wait_for


def test_what_happens_is_told_with_the_words_of_user_data(ada: Person) -> None:
    with listening(ada) as ear:
        ready = ear.next()
        assert (ready.name, ready.data) == ("ready", {"position": ready.position})
        sent = ada.send("the crow flies at midnight")
        started, message = ear.take(2)
        assert (started.name, started.data["title"]) == ("ChatStarted", "the crow flies at midnight")
        assert started.data["chat_id"] == sent["chat_id"]
        assert (message.name, message.position) == ("MessageSent", sent["position"])
        assert message.data == {
            "position": sent["position"],
            "at": sent["created_at"],
            "message_id": sent["message_id"],
            "chat_id": sent["chat_id"],
            "role": "user",
            "content_type": "text/plain",
            "content": "the crow flies at midnight",
            "file_ids": [],
            "status": "sent",
        }
        done(ada.http.post(f"/messages/{sent['message_id']}/status", json={"status": "delivered"}), 200)
        assert (event := ear.next()).name == "MessageDelivered"
        assert (event.data["message_id"], event.data["status"]) == (sent["message_id"], "delivered")


def test_a_file_is_told_from_its_upload_to_its_end(ada: Person) -> None:
    with listening(ada) as ear:
        file_id = ada.upload_one(b"some bytes", "crow.txt")
        uploaded = ear.until("FileUploaded").data
        assert (uploaded["file_id"], uploaded["name"], uploaded["status"]) == (file_id, "crow.txt", "processing")
        stored = ear.until("FileStored").data
        row = ada.wait_processed(file_id)
        for name in ("file_id", "status", "mime_type", "size_bytes", "encryption_iv", "hash_sha256"):
            assert stored[name] == row[name], name
        done(ada.http.delete(f"/files/{file_id}"), 202)
        deleted = ear.until("FileDeleted").data
        assert (deleted["file_id"], deleted["status"]) == (file_id, "deleted")


def test_from_the_beginning_it_starts_with_registering(ada: Person) -> None:
    with listening(ada, 0) as ear:
        registered, _code, opened = ear.take(3)
        assert registered.name == "UserRegistered"
        assert registered.data["username"] == ada.username
        assert registered.data["email"] == ada.email
        assert registered.data["user_id"] == ada.user_id
        assert opened.name == "SessionOpened"
        assert "session_id" in opened.data
        assert opened.data["expires_at"].endswith("Z")


def test_two_people_never_hear_each_other(ada: Person, bob: Person) -> None:
    with listening(ada) as adas, listening(bob) as bobs:
        for ear in (adas, bobs):
            assert ear.next().name == "ready"
        for number in range(5):
            ada.send(f"from ada {number}")
            bob.send(f"from bob {number}")
        for ear, name in ((adas, "ada"), (bobs, "bob")):
            heard = [event.data["content"] for event in ear.take(10) if event.name == "MessageSent"]
            assert heard == [f"from {name} {number}" for number in range(5)]


def test_what_is_forgotten_comes_without_its_words(ada: Person) -> None:
    kept = ada.send("kept")
    sent = ada.send("a secret")
    file_id = ada.upload_one(b"bytes", "a secret name")
    ada.wait_processed(file_id)
    done(ada.http.delete(f"/chats/{sent['chat_id']}"), 202)
    done(ada.http.delete(f"/files/{file_id}"), 202)
    with listening(ada, 0) as ear:
        events: list[Event] = []
        while not events or events[-1].name != "FileDeleted":
            events.append(ear.next())
    told = {event.position: event.data for event in events}
    assert told[kept["position"]]["content"] == "kept"
    assert told[sent["position"]]["forgotten"] is True
    assert "content" not in told[sent["position"]]
    uploaded, stored = (next(e.data for e in events if e.name == name) for name in ("FileUploaded", "FileStored"))
    assert uploaded["forgotten"] is True
    assert "name" not in uploaded
    assert stored["forgotten"] is True
    assert "hash_sha256" not in stored
    assert "a secret" not in str(events)


def test_a_file_of_a_forgotten_chat_is_forgotten_though_its_own_keys_are_still_there(ada: Person) -> None:
    chat_id = ada.chat("doomed")
    with ada.stack.paused("worker:uploads"):  # Nobody destroys the file's keys meanwhile.
        ada.upload(("a secret name", b"bytes", "text/plain"), fields={"chat_id": chat_id})
        done(ada.http.delete(f"/chats/{chat_id}"), 202)
        with listening(ada, 0) as ear:
            uploaded = ear.until("FileUploaded").data
    assert uploaded["forgotten"] is True
    assert "name" not in uploaded


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "9" * 30, "0x1", "1 2"])
def test_an_id_that_is_no_position_is_refused(ada: Person, value: str) -> None:
    answer = ada.http.get("/stream", headers={"Last-Event-ID": value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


def test_a_position_ahead_of_the_log_is_refused(ada: Person) -> None:
    answer = ada.http.get("/stream", params={"after": 10**12})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "after")
    assert ada.http.get("/stream", headers={"Last-Event-ID": str(10**12)}).status_code == 422
    assert ada.http.get("/stream", params={"after": "x"}).status_code == 422


def test_the_header_counts_before_the_address(ada: Person) -> None:
    """A browser that reconnects asks the same address again, and says in the header how far it had come."""
    position = ada.send("heard already")["position"]
    later = ada.send("not heard yet")["position"]
    with Ear(ada.stack, ada.token, position, query="?after=0").listen() as ear:
        assert ear.until("MessageSent").position == later
    with Ear(ada.stack, ada.token, query=f"?after={position}").listen() as ear:
        assert ear.until("MessageSent").position == later


def test_a_cookie_listens_as_well(ada: Person) -> None:
    login = {**ada.credentials, "cookie": True}
    with httpx.Client(base_url=ada.stack.api, trust_env=False, verify=NO_TLS) as browser:
        done(browser.post("/auth/login", json=login), 200)
        with browser.stream("GET", "/stream") as answer:
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-accel-buffering"] == "no"
            lines = answer.iter_lines()
            assert "event: ready" in (next(lines) for _ in range(5))


def test_nobody_hears_nothing(stack: Stack) -> None:
    with Ear(stack, "") as ear:
        assert ear.head()[0] == 401


def test_one_person_cannot_hold_more_than_their_share(tmp_path: Path) -> None:
    with (
        running_stack(tmp_path, api_processes=1, streams_per_user=2, streams_at_once=3) as few,
        somebody(few) as ada,
        somebody(few) as bob,
        listening(ada) as first,
        listening(ada),
    ):
        answer = ada.http.get("/stream")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
        with listening(bob):
            assert bob.http.get("/stream").json()["code"] == "busy"
        assert ada.send("requests are served all the same")["status"] == "sent"
        first.close()
        wait_for(lambda: _opens(ada), "the place of a client that went away to be free", 2.0)


def _opens(person: Person) -> bool:
    with Ear(person.stack, person.token) as ear:
        return ear.head()[0] == 200
