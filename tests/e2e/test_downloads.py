"""A stored file's bytes: any range of them, under its own name, and never as something that a browser would run."""

from __future__ import annotations

import os
from urllib.parse import unquote

import httpx
import pytest

from tests.e2e.people import Person, problem
from tests.e2e.stack import Stack

MIB = 1 << 20
DATA = os.urandom(MIB + 4_321)
"""Two segments of the blob, so that ranges can lie in each and across."""


@pytest.fixture(scope="module")
def url(ada: Person) -> str:
    return f"/files/{ada.ready_file(DATA, 'random.bin')}/content"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(DATA)),
        ("bytes=100-299", 100, 300),
        (f"bytes={MIB - 50}-{MIB + 49}", MIB - 50, MIB + 50),
        ("bytes=-10", len(DATA) - 10, len(DATA)),
        (f"bytes=-{10 * len(DATA)}", 0, len(DATA)),
        (f"bytes={len(DATA) - 1}-", len(DATA) - 1, len(DATA)),
        (f"bytes=5-{10 * len(DATA)}", 5, len(DATA)),
    ],
)
def test_a_range_is_served(ada: Person, url: str, asked: str, start: int, end: int) -> None:
    part = ada.http.get(url, headers={"Range": asked})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert int(part.headers["content-length"]) == end - start
    assert part.content == DATA[start:end]


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "pages=1-2", "bytes=", "bytes=-", "bytes=9-2", "bytes=x-", "0-5"])
def test_a_range_that_is_not_understood_is_passed_over(ada: Person, url: str, asked: str) -> None:
    whole = ada.http.get(url, headers={"Range": asked})
    assert whole.status_code == 200
    assert whole.content == DATA


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=-0", f"bytes={len(DATA) + 5}-{len(DATA) + 9}"])
def test_a_range_outside_is_refused_and_the_size_told(ada: Person, url: str, asked: str) -> None:
    refused = ada.http.get(url, headers={"Range": asked})
    problem(refused, 416, "range_not_satisfiable")
    assert refused.headers["content-range"] == f"bytes */{len(DATA)}"


def test_if_range_gives_the_part_only_of_the_same_thing(ada: Person, url: str) -> None:
    etag = ada.http.head(url).headers["etag"]
    same = ada.http.get(url, headers={"Range": "bytes=1-3", "If-Range": etag})
    assert (same.status_code, same.content) == (206, DATA[1:4])
    other = ada.http.get(url, headers={"Range": "bytes=1-3", "If-Range": '"something-else"'})
    assert (other.status_code, other.content) == (200, DATA)


def test_head_says_what_get_would_and_sends_nothing(ada: Person, url: str) -> None:
    head, got = ada.http.head(url), ada.http.get(url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "content-disposition", "accept-ranges", "cache-control"):
        assert head.headers[name] == got.headers[name], name
    assert int(head.headers["content-length"]) == len(DATA)


def test_head_passes_a_range_over(ada: Person, url: str) -> None:
    for asked in ("bytes=1-3", f"bytes={len(DATA)}-"):
        head = ada.http.head(url, headers={"Range": asked})
        assert (head.status_code, int(head.headers["content-length"])) == (200, len(DATA))
        assert "content-range" not in head.headers


def test_what_one_has_is_not_sent_again(ada: Person, url: str) -> None:
    etag = ada.http.head(url).headers["etag"]
    for has in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        same = ada.http.get(url, headers={"If-None-Match": has})
        assert (same.status_code, same.content) == (304, b"")
    for has in ('"other"', etag.strip('"'), f'"x{etag[1:]}'):
        assert ada.http.get(url, headers={"If-None-Match": has}).status_code == 200


def test_a_file_comes_as_an_attachment_in_a_sandbox(ada: Person, url: str) -> None:
    headers = ada.http.head(url).headers
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "private" in headers["cache-control"]


@pytest.mark.parametrize(
    "name",
    [
        "Zoë’s été 2026 🌻.txt",
        'quo"te.txt',
        "back\\slash.txt",
        "semi;colon.txt",
        "100%.txt",
        "..",
        "a/../b.txt",
        "x" * 255,
    ],
)
def test_a_file_keeps_its_name_whatever_is_in_it(ada: Person, name: str) -> None:
    file_id = _uploaded_as(ada, name)
    assert ada.wait_processed(file_id)["name"] == name
    disposition = ada.http.head(f"/files/{file_id}/content").headers["content-disposition"]
    plain, _, extended = disposition.partition("; filename*=UTF-8''")
    assert unquote(extended) == name
    quoted = plain.removeprefix('attachment; filename="').removesuffix('"')
    assert quoted.isascii()
    assert not set('"\\\r\n;/') & set(quoted)


@pytest.mark.parametrize(
    "name", ["new\nline.txt", "nul\x00.txt", "bell\x07.txt", "gpj\u202e.exe", "x" * 256, "x" * 4_000, ""]
)
def test_a_name_that_cannot_be_a_name_is_refused(ada: Person, name: str) -> None:
    before = ada.data()["files"]
    refused = _upload_as(ada, name)
    assert refused.status_code in (400, 422), refused.text
    assert ada.data()["files"] == before


def test_a_line_break_in_a_name_breaks_out_of_no_header(ada: Person) -> None:
    file_id = _upload_as(ada, "carriage\r\nX-Evil: 1.txt").json()["files"][0]["file_id"]
    ada.wait_processed(file_id)
    assert "x-evil" not in ada.http.head(f"/files/{file_id}/content").headers


@pytest.mark.parametrize(
    ("data", "name", "mime_type", "inline"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a.png", "image/png", True),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(64), "a.jpg", "image/jpeg", True),
        (b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(64), "a.wav", "audio/wav", True),
        (b"<html><script>alert(1)</script>", "a.html", None, False),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "a.svg", None, False),
        (b"%PDF-1.7\n" + bytes(64), "a.pdf", None, False),
        (b"<html><script>alert(1)</script>", "pretends.png", None, False),
    ],
)
def test_only_pictures_sound_and_film_are_shown_inline(
    ada: Person, data: bytes, name: str, mime_type: str | None, inline: bool
) -> None:
    file_id = ada.ready_file(data, name, "image/png")
    response = ada.http.get(f"/files/{file_id}/content", params={"disposition": "inline"})
    assert response.headers["content-disposition"].startswith("inline;" if inline else "attachment;")
    assert response.headers["x-content-type-options"] == "nosniff"
    if mime_type is not None:
        assert response.headers["content-type"] == mime_type
    else:
        assert not response.headers["content-type"].startswith("image/")


def test_an_empty_file_is_a_file(ada: Person) -> None:
    file_id = ada.ready_file(b"", "empty.txt")
    assert ada.download(file_id) == b""
    problem(ada.http.get(f"/files/{file_id}/content", headers={"Range": "bytes=0-"}), 416, "range_not_satisfiable")


def test_until_a_file_is_stored_its_content_is_not_ready(stack: Stack, ada: Person) -> None:
    with stack.paused("worker:uploads"):
        file_id = ada.upload_one(b"soon")
        row = ada.file(file_id)
        assert (row["status"], row["mime_type"], row["size_bytes"]) == ("processing", None, 4)
        early = ada.http.get(f"/files/{file_id}/content")
        problem(early, 409, "not_ready")
        assert int(early.headers["retry-after"]) >= 1
        problem(ada.http.get(f"/files/{file_id}/content", headers={"Range": "bytes=0-1"}), 409, "not_ready")
    assert ada.wait_processed(file_id)["status"] == "ready"
    assert ada.download(file_id) == b"soon"


def test_a_stored_file_cannot_be_retried(ada: Person) -> None:
    file_id = ada.ready_file(b"done")
    problem(ada.http.post(f"/files/{file_id}/retry"), 409, "not_retryable")


def test_a_reader_who_leaves_in_the_middle_harms_nobody(ada: Person, url: str) -> None:
    for _ in range(5):
        with ada.http.stream("GET", url) as response:
            assert next(response.iter_raw(1_000))
    assert ada.http.get(url).content == DATA


def _upload_as(person: Person, name: str) -> httpx.Response:
    """A form with the name as it is, in UTF-8 (RFC 7578); only quotes and backslashes are escaped."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    body = (
        f'--limit\r\nContent-Disposition: form-data; name="file"; filename="{escaped}"\r\n'
        "Content-Type: text/plain\r\n\r\ndata\r\n--limit--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    return person.http.post("/upload/files", content=body.encode(), headers=headers)


def _uploaded_as(person: Person, name: str) -> str:
    response = _upload_as(person, name)
    assert response.status_code == 202, response.text
    (file,) = response.json()["files"]
    assert file["name"] == name
    file_id: str = file["file_id"]
    return file_id
