"""What is refused at the door, before any use case sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from api.access import Access, Message
from api.shapes import RegisterRequest
from service.house.house import House
from tests.api.asking import ask, problem, project
from tests.builders import Person


def test_a_web_socket_is_refused_before_it_is_accepted() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def unreached(*_: Any) -> None:
        raise AssertionError("no route takes a web socket")

    asyncio.run(Access(unreached)({"type": "websocket", "path": "/healthz"}, receive, send))
    assert sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize("email", ["a\u0000@b.c", "a\u001b[31m@b.c", "a@b\u007f.c"])
def test_an_address_that_could_steer_a_terminal_is_refused(email: str) -> None:
    body = msgspec.json.encode({"username": "ada", "email": email, "password": "correct horse battery"})
    with pytest.raises(msgspec.ValidationError, match="printable"):
        msgspec.json.decode(body, type=RegisterRequest)


def test_a_query_that_is_no_text_asks_for_nothing_else(house: House, ada: Person) -> None:
    project(house)
    for query in ("q=%ff", "q=a%c3", "%ff=q"):
        problem(ask(house, f"/user/data?{query}", ada), 400, "invalid_request")
    assert ask(house, "/user/data?q=%c3%a9%ef%bf%bd", ada).status_code == 200  # A mark that was asked for itself.
