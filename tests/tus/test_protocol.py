"""tus 1.0.0, request by request, on the real server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.people import client, problem
from tests.e2e.stack import Stack
from tests.tus.sender import STREAM, TUS, Sender, checksum, metadata

DATA = b"The quick brown fox jumps over the lazy dog"
LARGE = hashlib.shake_128(b"large").digest(5_000_000)


# -- core --------------------------------------------------------------------------------------------------------


def test_an_upload_in_one_piece_becomes_a_file(ada: Sender) -> None:
    words = metadata(filename="fox.txt", filetype="text/plain")
    upload_id = ada.new(len(DATA), words=words)
    answer = ada.patch(upload_id, DATA)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(DATA)))
    file_id = answer.headers["Strongroom-File-Id"]
    assert file_id == upload_id
    assert "Upload-Expires" not in answer.headers
    row = ada.person.wait_processed(file_id)
    assert (row["name"], row["kind"], row["status"], row["size_bytes"]) == ("fox.txt", "file", "ready", len(DATA))
    assert ada.person.download(file_id) == DATA


def test_pieces_add_up(ada: Sender) -> None:
    upload_id = ada.new(len(LARGE))
    for start in range(0, len(LARGE), 1_234_567):
        assert ada.offset(upload_id) == start
        assert ada.patch(upload_id, LARGE[start : start + 1_234_567], start).status_code == 204
    assert ada.head(upload_id).headers["Strongroom-File-Id"] == upload_id
    ada.person.wait_processed(upload_id)
    assert ada.person.download(upload_id) == LARGE


def test_head_tells_what_was_sent_as_it_was_sent(ada: Sender) -> None:
    words = metadata(filename="Größe.txt", other="x") + ",empty, spaced MQ=="
    upload_id = ada.new(10, words=words)
    ada.patch(upload_id, b"1234")
    answer = ada.head(upload_id)
    assert answer.status_code == 200
    assert answer.headers["Upload-Offset"] == "4"
    assert answer.headers["Upload-Length"] == "10"
    assert answer.headers["Upload-Metadata"] == words
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Upload-Expires"].endswith("GMT")
    assert "Strongroom-File-Id" not in answer.headers


def test_a_finished_upload_still_answers(ada: Sender) -> None:
    words = metadata(filename="fox.txt")
    upload_id = ada.send(DATA, words=words)
    answer = ada.head(upload_id)
    assert answer.headers["Strongroom-File-Id"] == upload_id
    assert answer.headers["Upload-Offset"] == answer.headers["Upload-Length"] == str(len(DATA))
    assert answer.headers["Upload-Metadata"] == words
    again = ada.patch(upload_id, b"", len(DATA))
    assert (again.status_code, again.headers["Strongroom-File-Id"]) == (204, upload_id)
    problem(ada.patch(upload_id, b"more", len(DATA)), 413, "file_too_large")


def test_an_empty_upload_is_a_file_at_once(ada: Sender) -> None:
    answer = ada.begin(0, words=metadata(filename="empty"))
    assert answer.status_code == 201
    file_id = answer.headers["Strongroom-File-Id"]
    assert ada.person.wait_processed(file_id)["size_bytes"] == 0
    assert ada.head(file_id).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", [0, 4, 6, 10, 11])
def test_a_wrong_offset_changes_nothing(ada: Sender, offset: int) -> None:
    upload_id = ada.new(10)
    ada.patch(upload_id, b"12345")
    problem(ada.patch(upload_id, b"x", offset), 409, "offset_conflict")
    assert ada.offset(upload_id) == 5


@pytest.mark.parametrize("offset", ["-1", "", "a", "1.5", "0x1", "1" * 40])
def test_an_offset_that_is_none_is_refused(ada: Sender, offset: str) -> None:
    upload_id = ada.new(10)
    answer = ada.person.http.patch(
        f"/uploads/{upload_id}", content=b"x", headers=TUS | {"Upload-Offset": offset, "Content-Type": STREAM}
    )
    problem(answer, 400, "invalid_request")


def test_without_an_offset_nothing_is_taken(ada: Sender) -> None:
    upload_id = ada.new(10)
    answer = ada.person.http.patch(f"/uploads/{upload_id}", content=b"x", headers=TUS | {"Content-Type": STREAM})
    problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "", "application/offset+octet-stream2"])
def test_another_content_type_is_refused(ada: Sender, kind: str) -> None:
    upload_id = ada.new(10)
    problem(ada.patch(upload_id, b"x", Content_Type=kind), 415, "unsupported_media_type")
    assert ada.offset(upload_id) == 0


def test_more_than_the_length_is_refused_and_not_kept(ada: Sender) -> None:
    upload_id = ada.new(10)
    problem(ada.patch(upload_id, b"x" * 11), 413, "file_too_large")
    problem(ada.patch(upload_id, iter([b"x" * 6, b"x" * 6])), 413, "file_too_large")
    assert ada.offset(upload_id) == 0
    assert ada.patch(upload_id, b"x" * 10).status_code == 204


@pytest.mark.parametrize("version", ["0.2.2", "1.0.1", "", None])
def test_another_version_is_refused_before_anything(ada: Sender, version: str | None) -> None:
    upload_id = ada.new(10)
    headers = {} if version is None else {"Tus-Resumable": version}
    sent = {"Upload-Offset": "0", "Content-Type": STREAM, "Upload-Length": "1"}
    for answer in (
        ada.person.http.post("/uploads", headers=headers | sent),
        ada.person.http.patch(f"/uploads/{upload_id}", content=b"x", headers=headers | sent),
        ada.person.http.delete(f"/uploads/{upload_id}", headers=headers),
        ada.person.http.head(f"/uploads/{upload_id}", headers=headers),
    ):
        assert answer.status_code == 412
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert ada.offset(upload_id) == 0


def test_options_tells_what_there_is_to_anybody(stack: Stack, ada: Sender) -> None:
    with client(stack) as nobody:
        answer = nobody.options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == "300000000"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "checksum", "expiration", "termination",
        "concatenation",
    }  # fmt: skip
    assert "access-control-allow-origin" not in answer.headers


def every_refusal(stack: Stack, ada: Sender) -> Iterator[httpx.Response]:
    with client(stack) as nobody:
        yield nobody.post("/uploads", headers=TUS | {"Upload-Length": "1"})
    yield ada.person.http.get("/uploads")
    yield ada.head("no-id")
    yield ada.head("01a204d5-4821-7ef6-911e-3deb06b6cce8")
    yield ada.begin()
    yield ada.person.http.put(f"/uploads/{ada.new(1)}", content=b"x")


def test_every_answer_names_the_version(stack: Stack, ada: Sender) -> None:
    statuses = []
    for answer in every_refusal(stack, ada):
        statuses.append(answer.status_code)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert statuses == [401, 405, 404, 404, 400, 405]


def test_a_method_may_come_by_another_name(ada: Sender) -> None:
    upload_id = ada.new(4)
    headers = TUS | {"Upload-Offset": "0", "Content-Type": STREAM, "X-HTTP-Method-Override": "PATCH"}
    answer = ada.person.http.post(f"/uploads/{upload_id}", content=b"data", headers=headers)
    assert (answer.status_code, answer.headers["Strongroom-File-Id"]) == (204, upload_id)
    other = ada.new(4)
    ended = ada.person.http.post(f"/uploads/{other}", headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204
    odd = ada.person.http.post(f"/uploads/{other}", headers=TUS | {"X-HTTP-Method-Override": "GET"})
    problem(odd, 400, "invalid_request")


# -- creation ----------------------------------------------------------------------------------------------------


def test_both_paths_lead_to_the_same_upload(stack: Stack, ada: Sender) -> None:
    answer = ada.person.http.post(f"{stack.url}/api/uploads", headers=TUS | {"Upload-Length": "3"})
    location = answer.headers["Location"]
    assert location.startswith("/api/uploads/")
    assert ada.offset(location.rpartition("/")[2]) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "-1"},
        {"Upload-Length": "ten"},
        {"Upload-Length": "1" * 30},
        {"Upload-Defer-Length": "2"},
        {"Upload-Length": "1", "Upload-Defer-Length": "1"},
        {"Upload-Length": "1", "Upload-Concat": "some"},
    ],
)
def test_a_length_that_is_none_is_refused(ada: Sender, headers: dict[str, str]) -> None:
    problem(ada.person.http.post("/uploads", headers=TUS | headers), 400, "invalid_request")


def test_a_length_past_the_bound_is_refused_with_the_bound(ada: Sender) -> None:
    answer = ada.begin(300_000_001)
    problem(answer, 413, "file_too_large")
    assert answer.headers["Tus-Max-Size"] == "300000000"


@pytest.mark.parametrize(
    "words", ["filename", "filename !!!", "filename YQ==,filename YQ==", ",", "YQ==,", "a b c", "näme YQ==", "k YQ"]
)
def test_metadata_that_is_none_is_refused(ada: Sender, words: str) -> None:
    answer = ada.person.http.post(
        "/uploads",
        headers=[(b"Tus-Resumable", b"1.0.0"), (b"Upload-Length", b"1"), (b"Upload-Metadata", words.encode())],
    )
    if words == "filename":  # A key without a value is one with an empty value: no name at all.
        problem(answer, 422, "validation_failed")
    else:
        problem(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("filename", ""),
        ("filename", "nul\x00.txt"),
        ("filename", "\u202etxt.exe"),
        ("filename", "line\nbreak"),
        ("filename", "n" * 4_000),
        ("filename", b"\xff\xfe"),
        ("filetype", "text/plain\r\nX: y"),
        ("kind", "video"),
        ("chat_id", "../../etc"),
        ("message_id", ""),
    ],
)
def test_absurd_words_are_refused_with_the_field(ada: Sender, key: str, value: str | bytes) -> None:
    answer = ada.begin(1, words=metadata(**{key: value}))
    assert problem(answer, 422, "validation_failed")["errors"][0]["field"] == key


def test_a_name_with_slashes_is_a_name_and_no_path(stack: Stack, ada: Sender) -> None:
    name = "../../../tmp/strongroom-was-here"
    file_id = ada.send(DATA, words=metadata(filename=name))
    assert ada.person.wait_processed(file_id)["name"] == name
    assert not Path("/tmp/strongroom-was-here").exists()
    assert not list(stack.data.rglob("*strongroom-was-here*"))


def test_a_chat_of_ones_own_gets_the_file_and_another_is_not_there(ada: Sender, bob: Sender) -> None:
    chat_id = ada.person.chat()
    file_id = ada.send(DATA, words=metadata(filename="a.txt", chat_id=chat_id, kind="audio"))
    row = ada.person.wait_processed(file_id)
    assert (row["chat_id"], row["kind"]) == (chat_id, "audio")
    problem(bob.begin(1, words=metadata(chat_id=chat_id)), 404, "not_found")


def test_a_chat_that_is_deleted_meanwhile_takes_no_file(ada: Sender) -> None:
    chat_id = ada.person.chat()
    upload_id = ada.new(len(DATA), words=metadata(chat_id=chat_id))
    assert ada.person.http.delete(f"/chats/{chat_id}").status_code == 202
    problem(ada.patch(upload_id, DATA), 404, "not_found")
    assert ada.head(upload_id).status_code == 404


def test_the_first_bytes_may_come_along(ada: Sender) -> None:
    headers = TUS | {"Upload-Length": str(len(DATA)), "Content-Type": STREAM}
    part = ada.person.http.post("/uploads", content=DATA[:10], headers=headers)
    assert (part.status_code, part.headers["Upload-Offset"]) == (201, "10")
    upload_id = part.headers["Location"].rpartition("/")[2]
    assert ada.patch(upload_id, DATA[10:], 10).headers["Strongroom-File-Id"] == upload_id
    whole = ada.person.http.post("/uploads", content=DATA, headers=headers)
    assert whole.status_code == 201
    ada.person.wait_processed(whole.headers["Strongroom-File-Id"])
    assert ada.person.download(whole.headers["Strongroom-File-Id"]) == DATA


def test_bytes_that_may_not_come_along_leave_no_upload(ada: Sender) -> None:
    before = ada.person.data()["files"]
    headers = TUS | {"Upload-Length": "4", "Content-Type": STREAM}
    problem(ada.person.http.post("/uploads", content=b"12345", headers=headers), 413, "file_too_large")
    wrong = headers | {"Upload-Checksum": checksum(b"other")}
    problem(ada.person.http.post("/uploads", content=b"1234", headers=wrong), 460, "checksum_mismatch")
    odd = headers | {"Content-Type": "text/plain"}
    problem(ada.person.http.post("/uploads", content=b"1234", headers=odd), 415, "unsupported_media_type")
    assert ada.person.data()["files"] == before


def test_a_length_may_come_later_and_only_once(ada: Sender) -> None:
    upload_id = ada.new(Upload_Defer_Length="1")
    assert ada.head(upload_id).headers["Upload-Defer-Length"] == "1"
    assert ada.patch(upload_id, DATA[:10]).status_code == 204
    answer = ada.patch(upload_id, DATA[10:20], 10, Upload_Length=str(len(DATA)))
    assert answer.status_code == 204
    assert ada.head(upload_id).headers["Upload-Length"] == str(len(DATA))
    problem(ada.patch(upload_id, DATA[20:], 20, Upload_Length="100"), 409, "offset_conflict")
    answer = ada.patch(upload_id, DATA[20:], 20, Upload_Length=str(len(DATA)))
    assert answer.headers["Strongroom-File-Id"] == upload_id


@pytest.mark.parametrize("length", ["5", "300000001"])
def test_a_late_length_that_lies_is_refused(ada: Sender, length: str) -> None:
    upload_id = ada.new(Upload_Defer_Length="1")
    ada.patch(upload_id, DATA[:10])
    problem(ada.patch(upload_id, b"", 10, Upload_Length=length), 413, "file_too_large")
    assert ada.head(upload_id).headers["Upload-Defer-Length"] == "1"


def test_the_same_request_to_begin_begins_once(ada: Sender) -> None:
    first = ada.begin(10, words=metadata(filename="a"), Idempotency_Key="once")
    again = ada.begin(10, words=metadata(filename="a"), Idempotency_Key="once")
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(ada.begin(11, Idempotency_Key="once"), 422, "idempotency_key_reused")
