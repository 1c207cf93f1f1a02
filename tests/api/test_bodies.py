"""How much of a body is read, for how long, and after what."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any, cast

import apsw
import falcon.asgi
import pytest

from api.body import read_body
from service.house.house import House
from service.machine.errors import BodyCut
from tests.api.asking import ask, problem
from tests.builders import Person
from vault.throttle import Throttle

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=limit"}


def test_a_body_that_has_not_come_in_time_is_given_up_though_it_keeps_coming() -> None:
    async def read(most_bytes: int) -> bytes:
        for _ in itertools.count():
            await asyncio.sleep(0)
        return b""

    request: Any = SimpleNamespace(content_length=None, scope={}, stream=SimpleNamespace(read=read))
    with pytest.raises(BodyCut):
        asyncio.run(asyncio.wait_for(read_body(cast(falcon.asgi.Request, request), 10, timeout_s=0.02), 3))


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_credentials_need_no_more_than_8_kib(house: House, path: str) -> None:
    body = b'{"username": "x", "password": "' + b"x" * 8_192 + b'"}'
    problem(ask(house, path, method="POST", headers=JSON, body=body), 413, "body_too_large")


def test_words_may_be_longer_than_credentials(house: House, ada: Person) -> None:
    body = b'{"content": "' + b"x" * 9_000 + b'"}'
    assert ask(house, "/messages", ada, method="POST", headers=JSON, body=body).status_code == 201


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_a_sign_in_is_counted_before_its_body_is_looked_at(house: House, path: str) -> None:
    nonsense = [ask(house, path, method="POST", headers=JSON, body=b"{") for _ in range(3)]
    assert [answer.status_code for answer in nonsense] == [400, 400, 429]
    assert nonsense[2].headers["retry-after"]


def test_a_sign_in_that_cannot_be_counted_is_not_let_through(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise apsw.FullError

    monkeypatch.setattr(Throttle, "_check", full)
    problem(ask(house, "/auth/login", method="POST", headers=JSON, body=b"{"), 507, "storage_full")


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="f"; filename="\xe9t\xe9.txt"',
        b'Content-Disposition: form-data; name="\xe9"; filename="a.txt"',
        b'Content-Disposition: form-data; name="\xe9"',
        b'Content-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/\xe9',
    ],
)
def test_a_part_whose_head_is_in_latin_1_is_refused_and_nothing_kept(house: House, ada: Person, head: bytes) -> None:
    whole = b'--limit\r\nContent-Disposition: form-data; name="f"; filename="whole.txt"\r\n\r\nwhole\r\n'
    body = whole + b"--limit\r\n" + head + b"\r\n\r\ndata\r\n--limit--\r\n"
    before = house.log.head()
    problem(ask(house, "/upload/files", ada, method="POST", headers=FORM, body=body), 400, "invalid_request")
    assert house.log.head() == before
    assert list(house.layout.spool.iterdir()) == []
