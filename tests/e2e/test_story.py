"""One person, from registering to reading back everything."""

from __future__ import annotations

import hashlib

from tests.e2e.people import done, somebody
from tests.e2e.stack import Stack


def test_a_person_registers_writes_uploads_and_reads_all_of_it_back(stack: Stack) -> None:
    with somebody(stack) as grace:
        first = grace.send("Dear diary,\nthe weather is fine.")
        chat_id = first["chat_id"]
        second = grace.send("And it stays fine.", chat_id=chat_id, role="assistant", content_type="text/markdown")
        assert second["position"] > first["position"]

        text, picture = b"one\ntwo\n" * 1_000, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 64
        files = grace.upload(
            ("letter to Zoë.txt", text, "text/plain"),
            ("sunset.png", picture, "image/png"),
            fields={"chat_id": chat_id},
        )
        assert [(file["name"], file["kind"], file["size_bytes"], file["status"]) for file in files] == [
            ("letter to Zoë.txt", "file", len(text), "processing"),
            ("sunset.png", "file", len(picture), "processing"),
        ]
        recording = grace.http.post(
            "/upload/audio",
            params={"name": "memo.webm"},
            content=b"\x1aE\xdf\xa3 not much",
            headers={"Content-Type": "audio/webm"},
        )
        (memo,) = done(recording, 202)["files"]
        assert (memo["kind"], memo["name"]) == ("audio", "memo.webm")
        (spoken,) = grace.upload(("spoken.ogg", b"OggS" + bytes(40), "audio/ogg"), to="/upload/audio")
        assert spoken["kind"] == "audio"

        ids = [file["file_id"] for file in (*files, memo, spoken)]
        with_files = grace.send("See what I found.", chat_id=chat_id, file_ids=ids[:2])
        for file_id in ids:
            assert grace.wait_processed(file_id)["status"] == "ready"
        assert grace.download(ids[0]) == text
        assert grace.download(ids[1]) == picture

        data = grace.data()
        assert data["user"]["username"] == grace.username
        assert data["user"]["email"] == grace.email
        assert [session["current"] for session in data["sessions"]] == [True]
        assert [(chat["chat_id"], chat["title"]) for chat in data["chats"]] == [(chat_id, "Dear diary,")]
        assert [(message["content"], message["role"], message["content_type"]) for message in data["messages"]] == [
            ("Dear diary,\nthe weather is fine.", "user", "text/plain"),
            ("And it stays fine.", "assistant", "text/markdown"),
            ("See what I found.", "user", "text/plain"),
        ]
        assert data["messages"][-1]["file_ids"] == ids[:2]
        assert data["messages"][-1]["message_id"] == with_files["message_id"]
        assert [file["file_id"] for file in data["files"]] == ids
        letter = data["files"][0]
        assert letter["hash_sha256"] == hashlib.sha256(text).hexdigest()
        assert letter["mime_type"] == "text/plain"
        assert letter["chat_id"] == chat_id
        assert (letter["encryption_algo"], letter["encryption_scheme"]) == ("AES-256-GCM", "AES256_GCM_HKDF_1MB")
        assert len(bytes.fromhex(letter["encryption_iv"])) == 7
        assert data["next_cursor"] is None
    stack.require_sound()


def test_every_route_answers_under_api_without_a_version_too(stack: Stack) -> None:
    with somebody(stack) as grace:
        sent = grace.http.post(f"{stack.url}/api/messages", json={"content": "the short way"})
        done(sent, 201)
        seen = grace.http.get(f"{stack.url}/api/user/data").json()
        assert [message["content"] for message in seen["messages"]] == ["the short way"]


def test_what_is_deleted_is_gone_at_once_and_stays_gone(stack: Stack) -> None:
    with somebody(stack) as grace:
        kept, lost = grace.chat("kept"), grace.chat("lost")
        grace.send("stays", chat_id=kept)
        gone = grace.send("goes", chat_id=lost)
        (in_lost,) = grace.upload(("in-lost.txt", b"goes too", "text/plain"), fields={"chat_id": lost})
        alone = grace.ready_file(b"alone")
        grace.wait_processed(in_lost["file_id"])
        done(grace.http.delete(f"/chats/{lost}"), 202)
        done(grace.http.delete(f"/files/{alone}"), 202)
        data = grace.data()
        assert [chat["title"] for chat in data["chats"]] == ["kept"]
        assert [message["content"] for message in data["messages"]] == ["stays"]
        assert data["files"] == []
        for path in (f"/files/{alone}", f"/files/{alone}/content", f"/files/{in_lost['file_id']}/content"):
            assert grace.http.get(path).status_code == 404, path
        status = grace.http.post(f"/messages/{gone['message_id']}/status", json={"status": "read"})
        assert status.status_code == 404
        assert grace.http.post("/messages", json={"content": "into nothing", "chat_id": lost}).status_code == 404
    stack.require_sound()
