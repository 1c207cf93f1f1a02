"""Bodies cut short, too large, too slow, or not what they say: refused, and nothing of them is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.people import Person, done, problem, somebody
from tests.e2e.stack import Stack
from tests.e2e.wire import Answer, Wire, chunk, head, heard, wire
from tests.tus.sender import STREAM, Sender
from tests.waiting import wait_for

JSON = "application/json"
FORM = "multipart/form-data; boundary=limit"
PART = b'--limit\r\nContent-Disposition: form-data; name="f"; filename="cut.bin"\r\n\r\n'
END = b"\r\n--limit--\r\n"
BODY_TIMEOUT_S = 2.0


@pytest.fixture(scope="module")
def grace(tight: Stack) -> Iterator[Person]:
    with somebody(tight) as person:
        yield person


@pytest.fixture(autouse=True)
def nothing_stored(tight: Stack, grace: Person) -> Iterator[None]:
    """Whatever a test of this page sends: no message, no file, and no bytes left in the spool."""
    before = grace.data()
    yield
    after = grace.data()
    for name in ("chats", "messages", "files"):
        assert after[name] == before[name]
    spool = tight.data / "spool"
    wait_for(lambda: not any(spool.iterdir()), "the spool to be empty")


def refused(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == code


Cut = Callable[[Wire, str], None]


def cut_json(to: Wire, token: str) -> None:
    to.send(head("POST", "/messages", token, content_type=JSON, content_length=200) + b'{"content": "half of')


def cut_after_whole_json(to: Wire, token: str) -> None:
    to.send(head("POST", "/messages", token, content_type=JSON, content_length=200) + b'{"content": "looks whole"}')


def cut_raw(to: Wire, token: str) -> None:
    to.send(
        head("POST", "/upload/audio?name=a", token, content_type="audio/webm", content_length=50_000) + bytes(9_000)
    )


def cut_chunked_raw(to: Wire, token: str) -> None:
    to.send(head("POST", "/upload/audio", token, content_type="audio/webm", transfer_encoding="chunked"))
    to.send(chunk(bytes(5_000)) + b"2710\r\n" + bytes(100))


def cut_between_chunks(to: Wire, token: str) -> None:
    to.send(head("POST", "/upload/audio", token, content_type="audio/webm", transfer_encoding="chunked"))
    to.send(chunk(bytes(5_000)))


def cut_form_in_a_part(to: Wire, token: str) -> None:
    to.send(head("POST", "/upload/files", token, content_type=FORM, content_length=40_000) + PART + bytes(9_000))


def cut_form_after_a_part(to: Wire, token: str) -> None:
    to.send(head("POST", "/upload/files", token, content_type=FORM, content_length=40_000) + PART + b"whole\r\n" + PART)


def cut_form_at_its_very_end(to: Wire, token: str) -> None:
    body = PART + b"whole" + END
    to.send(head("POST", "/upload/files", token, content_type=FORM, content_length=len(body) + 1) + body)


CUTS = [
    cut_json, cut_after_whole_json, cut_raw, cut_chunked_raw, cut_between_chunks,
    cut_form_in_a_part, cut_form_after_a_part, cut_form_at_its_very_end,
]  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
def test_a_body_whose_sender_goes_away_stores_nothing(tight: Stack, grace: Person, cut: Cut) -> None:
    with wire(tight) as to:
        cut(to, grace.token)  # And the connection is closed under it.


@pytest.mark.parametrize("cut", CUTS)
def test_a_body_that_ends_early_stores_nothing_and_is_told_so(tight: Stack, grace: Person, cut: Cut) -> None:
    with wire(tight) as to:
        cut(to, grace.token)
        to.end()
        answer = to.answer()
        assert answer.status in (0, 400), answer
        if answer.status:
            assert json.loads(answer.body)["code"] in ("body_incomplete", "invalid_request")


def no_body_at_all(to: Wire, token: str) -> None:
    to.send(head("POST", "/messages", token, content_type=JSON, content_length=20))


def test_a_body_that_stands_still_is_given_up(tight: Stack, grace: Person) -> None:
    """Several at once, each on its own connection. Of a resumable upload nothing is lost: it is to be gone on with."""
    cuts = [cut_json, cut_raw, cut_between_chunks, cut_form_in_a_part, no_body_at_all]
    sender = Sender(grace)
    upload_id = sender.new(10)
    tus = {"tus_resumable": "1.0.0", "upload_offset": 0, "content_type": STREAM, "connection": "close"}
    with ExitStack() as there:
        wires = [there.enter_context(wire(tight)) for _ in (*cuts, "resumable")]
        began_s = time.monotonic()
        wires[-1].send(head("PATCH", f"/uploads/{upload_id}", grace.token, content_length=10, **tus) + b"12345")
        for to, cut in zip(wires, cuts, strict=False):
            cut(to, grace.token)
        assert not heard(wires, began_s + BODY_TIMEOUT_S / 2 - time.monotonic()), "given up too soon"
        answers = []
        for to, cut in zip(wires, cuts, strict=False):
            answers.append(to.answer())
            assert answers[-1].status in (0, 400, 408), (cut, answers[-1])
            assert time.monotonic() - began_s < BODY_TIMEOUT_S * 4
        refused(answers[-1], 400, "body_incomplete")
        assert wires[-1].answer().status == 503
    assert sender.offset(upload_id) == 5
    assert sender.end(upload_id).status_code == 204


@pytest.mark.parametrize(
    "body", [PART + b"no end", PART + b"wrong end\r\n--other--\r\n", b"", b"no parts at all", b"--limit"]
)
def test_a_form_without_its_end_is_no_form(grace: Person, body: bytes) -> None:
    answer = grace.http.post("/upload/files", content=body, headers={"Content-Type": FORM})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=limit", "text/plain", ""],
)
def test_a_form_must_say_how_its_parts_are_told_apart(grace: Person, content_type: str) -> None:
    answer = grace.http.post("/upload/files", content=PART + b"x" + END, headers={"Content-Type": content_type})
    assert answer.status_code in (400, 415), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_json_past_the_bound_is_refused_with_and_without_a_length(tight: Stack, grace: Person) -> None:
    large = b'{"content": "' + b"x" * (3 << 20) + b'"}'
    problem(grace.http.post("/messages", content=large, headers={"Content-Type": JSON}), 413, "body_too_large")
    pieces = iter([large[: 1 << 20], large[1 << 20 :]])
    problem(grace.http.post("/messages", content=pieces, headers={"Content-Type": JSON}), 413, "body_too_large")
    with wire(tight) as to:  # Told by its length, as soon as any of it has come.
        to.send(head("POST", "/messages", grace.token, content_type=JSON, content_length=10**15) + b"{")
        refused(to.answer(), 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b'{"content": "x"} trailing', 400), (b"nonsense", 400), (b"\xff\xfe{\x00}\x00", 400),
        (b'{"content": "\xff"}', 400), (b'{"content": "\xed\xa0\x80"}', 400), (b'{"content": "\xc0\xaf"}', 400),
        (b'{"content": "\\ud800"}', 400), (b'{"content": "\\udc00\\ud800"}', 400), (b'{"content": "a\x00b"}', 400),
        (b'{"content": "a\nb"}', 400), (b"[" * 100_000, 400), (b'{"content":' * 50_000, 400),
        (b'{"content": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", 422), (b"null", 422), (b"[]", 422), (b"1e999999", 422),
        (b'{"content": 1' + b"0" * 100_000 + b"}", 422), (b'{"content": NaN}', 400),
        (b'\xef\xbb\xbf{"content": "x"}', 400),
    ],
)  # fmt: skip
def test_what_is_no_json_in_utf_8_is_refused(grace: Person, body: bytes, status: int) -> None:
    answer = grace.http.post("/messages", content=body, headers={"Content-Type": JSON})
    assert answer.status_code in {status, 400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_json_must_say_that_it_is_json(grace: Person, content_type: str) -> None:
    answer = grace.http.post("/messages", content=b'{"content": "x"}', headers={"Content-Type": content_type})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "request_head",
    [
        head("GET", "/user/data", x_large="x" * 100_000),
        head("GET", "/user/data?q=" + "x" * 100_000),
        b"GET /api/v1/user/data HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(2_000)) + b"\r\n",
        b"GET /api/v1/user/data HTTP/1.1\r\nHost: x\r\nBroken header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        head("POST", "/messages", content_length=5, transfer_encoding="chunked"),
        head("POST", "/messages", content_length="-5"),
        head("POST", "/messages", content_length="5, 6"),
        head("POST", "/messages", transfer_encoding="nonsense"),
    ],
)
def test_a_head_that_is_too_large_or_no_head_is_turned_away(tight: Stack, grace: Person, request_head: bytes) -> None:
    with wire(tight) as to:
        to.send(request_head)
        to.end()
        answer = to.answer()
        assert answer.status in (0, 400, 401, 405, 408, 413, 414, 431, 501), answer
    assert grace.data()["user"]["id"] == grace.user_id


def test_a_request_that_hides_in_a_refused_body_is_never_answered(tight: Stack, grace: Person) -> None:
    hidden = head("POST", "/chats", grace.token, content_type=JSON, content_length=15) + b'{"title": "hid"}'
    for large in (hidden, hidden + b"x" * 600_000, b"y" * 3_000_000 + hidden):
        with wire(tight) as to:
            to.send(head("POST", "/messages", content_type=JSON, content_length=len(large)))
            to.send(large)
            refused(to.answer(), 401, "bad_credentials")
            if to.send(head("GET", "/auth/sessions", grace.token)):
                after = to.answer()
                assert after.status in (0, 200), after
                assert after.status == 0 or b"sessions" in after.body


def test_a_connection_serves_on_after_refusals_of_all_kinds(grace: Person) -> None:
    for _ in range(3):
        assert grace.http.post("/messages", content=b"{", headers={"Content-Type": JSON}).status_code == 400
        assert (
            grace.http.post("/upload/files", content=b"x" * 200_000, headers={"Content-Type": FORM}).status_code < 500
        )
        assert grace.http.post("/no/such/thing", content=b"x" * 200_000).status_code == 404
        assert grace.http.get("/user/data").status_code == 200


def test_a_slow_form_that_keeps_coming_is_taken_and_slow_json_is_given_up(tight: Stack, grace: Person) -> None:
    """A file may take its time; words have one in which they must be there."""
    body = PART + b"slowly" * 4 + END
    tenth = -(-len(body) // 10)
    with wire(tight) as form, wire(tight) as words:
        began_s = time.monotonic()
        form.send(head("POST", "/upload/files", grace.token, content_type=FORM, content_length=len(body)))
        words.send(head("POST", "/messages", grace.token, content_type=JSON, content_length=10_000) + b'{"content": "')
        for start in range(0, len(body), tenth):
            time.sleep(BODY_TIMEOUT_S / 8)  # Not a wait for anything: the pace is what is tested.
            form.send(body[start : start + tenth])
            words.send(b"x")
        answer = form.answer()
        refused(words.answer(), 400, "body_incomplete")
        assert BODY_TIMEOUT_S < time.monotonic() - began_s < BODY_TIMEOUT_S * 3
    assert answer.status == 202, answer
    (file,) = json.loads(answer.body)["files"]
    assert grace.wait_processed(file["file_id"])["size_bytes"] == 24
    done(grace.http.delete(f"/files/{file['file_id']}"), 202)
