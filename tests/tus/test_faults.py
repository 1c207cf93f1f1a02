"""Connections cut, several at once, nobody who comes back: what was answered for stays, the hash is right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import apsw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.machine.layout import Layout
from tests.e2e.people import Person, client, problem
from tests.e2e.stack import Stack
from tests.e2e.wire import chunk, head, wire
from tests.tus.conftest import QUOTA_BYTES
from tests.tus.sender import STREAM, TUS, Sender
from tests.waiting import wait_for

DATA = hashlib.shake_128(b"faults").digest(3_000_000)


def require_stored(person: Person, file_id: str, data: bytes) -> None:
    row = person.wait_processed(file_id, 60.0)
    assert (row["status"], row["hash_sha256"]) == ("ready", hashlib.sha256(data).hexdigest())
    assert person.download(file_id) == data


def patch_head(sender: Sender, upload_id: str, offset: int, **more: object) -> bytes:
    token = sender.person.token
    tus = {"tus_resumable": "1.0.0", "upload_offset": offset, "content_type": STREAM, "connection": "close"}
    return head("PATCH", f"/uploads/{upload_id}", token, **tus, **more)


# -- cut connections ---------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 70_000), max_size=4), chunked=st.booleans())
def test_a_connection_cut_at_any_byte_keeps_what_came(
    stack: Stack, ada: Sender, cuts: list[int], *, chunked: bool
) -> None:
    data = DATA[:70_000]
    upload_id = ada.new(len(data))
    furthest = 0  # Bytes may still be on their way into another process when the next connection asks.
    for cut in cuts:
        offset = ada.offset(upload_id)
        rest = data[offset:]
        length = {"transfer_encoding": "chunked"} if chunked else {"content_length": len(rest)}
        body = b"%x\r\n%s" % (len(rest), rest) if chunked else rest
        with wire(stack) as connection:
            connection.send(patch_head(ada, upload_id, offset, **length) + body[:cut])
        furthest = max(furthest, min(offset + cut, len(data)))
        assert offset <= ada.offset(upload_id) <= furthest
    assert persist(ada, upload_id, data) == upload_id


def persist(sender: Sender, upload_id: str, data: bytes, most_bytes: int = 1 << 30) -> str:
    """As clients do: what another connection brought in between is asked for again; the file's id."""
    for _ in range(500):
        found = sender.head(upload_id)
        if found.status_code == 423:
            continue
        assert found.status_code == 200, found.status_code
        if "Strongroom-File-Id" in found.headers:
            return str(found.headers["Strongroom-File-Id"])
        offset = int(found.headers["Upload-Offset"])
        answer = sender.patch(upload_id, data[offset : offset + most_bytes], offset)
        assert answer.status_code in (204, 409, 423), answer.text
    raise AssertionError("not within 500 tries")


# -- several at once ---------------------------------------------------------------------------------------------


def test_two_clients_on_one_upload_cannot_spoil_it(stack: Stack, ada: Sender) -> None:
    upload_id = ada.new(len(DATA))

    def one_of_two(most_bytes: int) -> str:
        with somebody_again(stack, ada) as me:
            return persist(me, upload_id, DATA, most_bytes)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one_of_two, (123_456, 234_567))) == [upload_id, upload_id]
    require_stored(ada.person, upload_id, DATA)


@contextmanager
def somebody_again(stack: Stack, sender: Sender) -> Iterator[Sender]:
    """The same person on a connection of its own."""
    person = sender.person
    with client(stack, Authorization=f"Bearer {person.token}") as http:
        copy = Person(stack, http, person.username, person.email, person.password, person.user_id, person.token, "")
        yield Sender(copy)


def test_parallel_uploads_do_not_pass_the_quota_together(stack: Stack, ada: Sender) -> None:
    ada.new(QUOTA_BYTES - 100_000)  # What was begun counts, though none of it ever comes.

    def try_one(_: int) -> int:
        with somebody_again(stack, ada) as me:
            begun = me.begin(20_000)
            if begun.status_code != 201:
                problem(begun, 413, "quota_exceeded")
                return 0
            upload_id = begun.headers["Location"].rpartition("/")[2]
            answer = me.patch(upload_id, DATA[:20_000])
            assert answer.headers["Strongroom-File-Id"] == upload_id
            return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_one, range(12))) == 5
    problem(ada.person.post_files([("a", b"x", "text/plain")]), 413, "quota_exceeded")
    assert sum(file["size_bytes"] for file in ada.person.data()["files"]) == 100_000


# -- expiry ------------------------------------------------------------------------------------------------------


def test_an_upload_that_nobody_comes_back_to_goes(stack: Stack, ada: Sender) -> None:
    upload_id = ada.new(10)
    ada.patch(upload_id, b"12345")
    spool = stack.data / "spool" / f"{upload_id}.spool"
    assert spool.exists()
    with closing(apsw.Connection(str(Layout(stack.data).uploads))) as rows:
        rows.set_busy_timeout(5_000)
        rows.execute("UPDATE upload SET expires_at_us = 1 WHERE upload_id = ?", (upload_id,))  # So long it was.
        assert rows.changes() == 1
    wait_for(lambda: not spool.exists(), "the upload to expire")
    assert ada.head(upload_id).status_code == 404
    wait_for(lambda: not list((stack.data / "run" / "turns").glob(f"{upload_id}*")), "its turn to go, too")


# -- fuzz --------------------------------------------------------------------------------------------------------

VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)
NAMES = st.sampled_from(
    ["Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Concat", "Upload-Checksum", "Upload-Offset",
     "Content-Type", "X-HTTP-Method-Override", "Idempotency-Key"]
)  # fmt: skip
LIKELY = st.sampled_from(
    ["0", "1", "5", "final;", "partial", "final;/api/v1/uploads/x", "PATCH", "DELETE", STREAM, "sha1 AAAA", "a YQ==",
     "filename YQ==,kind YXVkaW8=", "999999999999999", "-0", "+1", "1_0", "٣"]
)  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.dictionaries(NAMES, st.one_of(VISIBLE, LIKELY), max_size=5),
    method=st.sampled_from(["POST", "PATCH", "HEAD", "DELETE", "OPTIONS"]),
    body=st.binary(max_size=20),
    there=st.booleans(),
)
def test_whatever_is_asked_gets_a_clear_answer(
    stack: Stack, ada: Sender, headers: dict[str, str], method: str, body: bytes, *, there: bool
) -> None:
    path = f"/uploads/{ada.new(30)}" if there else "/uploads"
    sent = [(name.encode(), value.encode()) for name, value in {**TUS, **headers}.items()]
    answer = ada.person.http.request(method, path, headers=sent, content=body if method in ("POST", "PATCH") else None)
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    if answer.status_code >= 400 and answer.content:
        assert answer.headers["Content-Type"] in ("application/problem+json", "text/plain"), answer.text
    assert urlsplit(stack.url).port


def test_chunks_that_come_one_by_one_are_taken(stack: Stack, ada: Sender) -> None:
    data = DATA[:50_000]
    upload_id = ada.new(len(data))
    with wire(stack) as connection:
        connection.send(patch_head(ada, upload_id, 0, transfer_encoding="chunked"))
        for start in range(0, len(data), 7_001):
            connection.send(chunk(data[start : start + 7_001]))
        connection.send(chunk(b""))
        answer = connection.answer()
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(len(data)))
