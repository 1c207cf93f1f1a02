"""Deleting over HTTP: it is answered, finished by the worker, told by the log, and found nowhere."""

from __future__ import annotations

import base64
import os
from typing import Any

from tests.auditor.checker import follow
from tests.auditor.notes import Note, VerifierKey
from tests.e2e.canaries import contents, leaks
from tests.e2e.people import Person, done, once, problem
from tests.e2e.queue_inside import queue_memory
from tests.e2e.stack import Stack
from tests.media_made import tone_wav
from tests.waiting import wait_for

TUS = {"Tus-Resumable": "1.0.0"}


def receipt(stack: Stack, answer: dict[str, Any]) -> Note:
    """Fetched by nobody in particular, and signed by the log."""
    url = f"{stack.url}{answer['receipt']}"
    wait_for(lambda: once("GET", url).status_code == 200, f"the receipt {answer['receipt']}")
    key = VerifierKey.parse(once("GET", f"{stack.url}/log/key").text.removesuffix("\n"))
    note = Note.parse(once("GET", url).content)
    note.require_signed(key)
    return note


def test_what_is_deleted_is_gone_and_has_a_receipt(stack: Stack, ada: Person, newcomer: Person) -> None:
    eve = newcomer
    canaries = [f"canary-{what}-{os.urandom(6).hex()}" for what in ("title", "words", "file", "voice", "upload")]
    title, words, file_name, voice_name, upload_name = canaries
    chat_id = eve.chat(title)
    (voice,) = eve.upload((voice_name, tone_wav(), "audio/wav"), to="/upload/files", fields={"chat_id": chat_id})
    eve.send(words, chat_id=chat_id, file_ids=[voice["file_id"]])
    alone = eve.ready_file(file_name.encode() * 2_000, file_name)
    eve.wait_processed(voice["file_id"])
    named = f"filename {base64.b64encode(upload_name.encode()).decode()}"
    begun = eve.http.post("/uploads", headers={**TUS, "Upload-Length": "100", "Upload-Metadata": named})
    assert begun.status_code == 201

    note = receipt(stack, done(eve.http.delete(f"/files/{alone}"), 202))
    assert f"stream file-{alone}\n" in note.text
    problem(eve.http.get(f"/files/{alone}"), 404, "not_found")

    note = receipt(stack, done(eve.http.delete(f"/chats/{chat_id}"), 202))
    assert f"stream chat-{chat_id}\nstream file-{voice['file_id']}\n" in note.text
    assert eve.data()["chats"] == []

    answer = done(eve.http.request("DELETE", "/user", json={"password": eve.password}), 202)
    note = receipt(stack, answer)
    assert f"stream account-{eve.user_id}\n" in note.text
    problem(eve.http.get("/user/data"), 401, "bad_credentials")

    places = contents(stack.data)
    places["the queue"] = queue_memory(stack)
    assert leaks([*canaries, eve.username, eve.email, eve.password, eve.token], places) == []
    left = [name for name in places if alone in name.rpartition("/")[2] or voice["file_id"] in name.rpartition("/")[2]]
    assert left == []
    key = VerifierKey.parse(once("GET", f"{stack.url}/log/key").text.removesuffix("\n"))
    assert follow(f"{stack.url}/log", key).checkpoint.size >= answer["position"]
    assert stack.command("log", "verify").returncode == 0
    assert ada.download(ada.ready_file(b"others keep theirs")) == b"others keep theirs"


def test_a_receipt_is_for_what_was_erased_and_nothing_else(stack: Stack, ada: Person) -> None:
    position = ada.send("still here")["position"]
    for text in (str(position), "0", "x"):
        problem(once("GET", f"{stack.url}/log/receipt/{text}"), 404, "not_found")
