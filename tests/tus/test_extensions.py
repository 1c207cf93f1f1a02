"""tus's extensions: checksum, termination, concatenation; other people, other origins, and what lies on the disk."""

from __future__ import annotations

import hashlib
import os

import pytest

from tests.e2e.people import client, problem
from tests.e2e.stack import Stack
from tests.tus.conftest import ORIGIN
from tests.tus.sender import Sender, checksum, metadata

DATA = b"The quick brown fox jumps over the lazy dog"
LARGE = hashlib.shake_128(b"large").digest(5_000_000)


# -- checksum, termination, strangers ----------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_guards_its_piece(ada: Sender, algorithm: str) -> None:
    upload_id = ada.new(len(LARGE))
    half = len(LARGE) // 2
    assert ada.patch(upload_id, LARGE[:half], Upload_Checksum=checksum(LARGE[:half], algorithm)).status_code == 204
    wrong = checksum(b"something else", algorithm)
    problem(ada.patch(upload_id, LARGE[half:], half, Upload_Checksum=wrong), 460, "checksum_mismatch")
    assert ada.offset(upload_id) == half
    answer = ada.patch(upload_id, LARGE[half:], half, Upload_Checksum=checksum(LARGE[half:], algorithm))
    ada.person.wait_processed(answer.headers["Strongroom-File-Id"])
    assert ada.person.download(upload_id) == LARGE


@pytest.mark.parametrize(
    "value", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 !", "sha256 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", ""]
)
def test_a_checksum_that_is_none_is_refused(ada: Sender, value: str) -> None:
    upload_id = ada.new(len(DATA))
    problem(ada.patch(upload_id, DATA, Upload_Checksum=value), 400, "invalid_request")
    assert ada.offset(upload_id) == 0


def test_an_upload_can_be_ended(stack: Stack, ada: Sender) -> None:
    upload_id = ada.new(len(DATA))
    ada.patch(upload_id, DATA[:10])
    assert ada.end(upload_id).status_code == 204
    assert ada.head(upload_id).status_code == 404
    problem(ada.patch(upload_id, DATA[10:], 10), 404, "not_found")
    problem(ada.end(upload_id), 404, "not_found")
    assert not (stack.data / "spool" / f"{upload_id}.spool").exists()
    assert not list((stack.data / "run" / "turns").glob(f"{upload_id}*"))


def test_ending_a_finished_upload_deletes_its_file(ada: Sender) -> None:
    file_id = ada.send(DATA)
    ada.person.wait_processed(file_id)
    assert ada.end(file_id).status_code == 204
    assert ada.person.http.get(f"/files/{file_id}").status_code == 404


def test_a_deleted_file_takes_the_words_of_its_upload_along(ada: Sender) -> None:
    file_id = ada.send(DATA, words=metadata(filename="secret"))
    assert ada.person.http.delete(f"/files/{file_id}").status_code == 202
    assert ada.head(file_id).status_code == 404


def test_nobody_sees_anothers_upload(ada: Sender, bob: Sender) -> None:
    upload_id = ada.new(len(DATA))
    assert bob.head(upload_id).status_code == 404
    problem(bob.patch(upload_id, DATA), 404, "not_found")
    problem(bob.end(upload_id), 404, "not_found")
    problem(bob.begin(Upload_Concat=f"final;/api/v1/uploads/{upload_id}"), 404, "not_found")
    assert ada.patch(upload_id, DATA).status_code == 204


# -- concatenation -----------------------------------------------------------------------------------------------


def parts_of(sender: Sender, data: bytes, cuts: list[int]) -> list[str]:
    """Paths of partial uploads that hold `data` between them."""
    paths = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        upload_id = sender.new(end - start, Upload_Concat="partial")
        if end > start:
            answer = sender.patch(upload_id, data[start:end])
            assert answer.status_code == 204
            assert "Strongroom-File-Id" not in answer.headers
        paths.append(f"/api/v1/uploads/{upload_id}")
    return paths


def test_parts_become_one_file(stack: Stack, ada: Sender) -> None:
    paths = parts_of(ada, LARGE, [1, 1_500_000, 1_500_000, 4_000_000])
    concat = f"final;{' '.join([stack.url + paths[0], *paths[1:]])}"
    words = metadata(filename="joined.bin")
    answer = ada.begin(words=words, Upload_Concat=concat)
    assert answer.status_code == 201
    file_id = answer.headers["Strongroom-File-Id"]
    head = ada.head(file_id)
    assert head.headers["Upload-Concat"] == concat
    assert head.headers["Upload-Metadata"] == words
    assert head.headers["Upload-Length"] == head.headers["Upload-Offset"] == str(len(LARGE))
    ada.person.wait_processed(file_id)
    assert ada.person.download(file_id) == LARGE
    again = ada.begin(words=words, Upload_Concat=concat)
    assert (again.status_code, again.headers["Strongroom-File-Id"]) == (201, file_id)
    assert [file["file_id"] for file in ada.person.data()["files"]] == [file_id]
    problem(ada.patch(file_id, b"x", len(LARGE)), 403, "upload_joined")
    assert ada.head(paths[0].rpartition("/")[2]).status_code == 404


def test_a_part_tells_that_it_is_one(ada: Sender) -> None:
    upload_id = ada.new(4, Upload_Concat="partial")
    assert ada.head(upload_id).headers["Upload-Concat"] == "partial"


def test_parts_that_have_not_come_are_not_joined(ada: Sender) -> None:
    paths = parts_of(ada, DATA, [10])
    unfinished = ada.new(3, Upload_Concat="partial")
    concat = f"final;{paths[0]} /api/v1/uploads/{unfinished}"
    problem(ada.begin(Upload_Concat=concat), 409, "upload_unfinished")
    ada.patch(unfinished, b"end")
    file_id = ada.begin(Upload_Concat=concat).headers["Strongroom-File-Id"]
    ada.person.wait_processed(file_id)
    assert ada.person.download(file_id) == DATA[:10] + b"end"


def test_what_is_no_part_is_not_joined(ada: Sender) -> None:
    whole = ada.new(3)
    problem(ada.begin(Upload_Concat=f"final;/api/v1/uploads/{whole}"), 404, "not_found")
    path = parts_of(ada, DATA, [])[0]
    for concat in ("final;", f"final;{path} {path}", "final;/api/v1/files/x", "final;http://[", "final;/uploads/1"):
        problem(ada.begin(Upload_Concat=concat), 400, "invalid_request")
    problem(ada.begin(5, Upload_Concat=f"final;{path}"), 400, "invalid_request")


# -- other origins -----------------------------------------------------------------------------------------------


def test_a_page_of_a_named_origin_may_send(stack: Stack, ada: Sender) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    asked |= {"Access-Control-Request-Headers": "authorization,upload-offset"}
    with client(stack) as nobody:
        preflight = nobody.options(f"/uploads/{ada.new(1)}", headers=asked)
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert "upload-offset" in preflight.headers["Access-Control-Allow-Headers"]
    answer = ada.begin(1, Origin=ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Upload-Offset" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert ada.begin(Origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["https://other.example", "null", ORIGIN + ":8443", "http://elsewhere.example"])
def test_a_page_of_another_origin_is_told_nothing(stack: Stack, ada: Sender, origin: str) -> None:
    with client(stack) as nobody:
        preflight = nobody.options("/uploads", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert not [name for name in preflight.headers if name.lower().startswith("access-control")]
    answer = ada.begin(1, Origin=origin)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


# -- at rest -----------------------------------------------------------------------------------------------------


def test_nothing_readable_lies_on_the_disk_while_an_upload_is_under_way(stack: Stack, ada: Sender) -> None:
    name, content = f"canary-{os.urandom(8).hex()}", f"content-{os.urandom(8).hex()}".encode() * 10
    upload_id = ada.new(1_000_000, words=metadata(filename=name))
    ada.patch(upload_id, content)
    words = metadata(filename=name).partition(" ")[2].encode()
    for path in (path for path in stack.data.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        assert name.encode() not in raw, path
        assert content[:24] not in raw, path
        assert words not in raw, path
    assert name not in stack.log.read_text()
