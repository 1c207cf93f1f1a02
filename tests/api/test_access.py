"""How many requests a process serves at once, and what the next one is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from api.access import EXCHANGE, Access, Message


def scope() -> dict[str, Any]:
    return {"type": "http", "method": "POST"}


async def no_body() -> Message:
    raise AssertionError("somebody waited for the body of a request that is not served")


class Answer:
    """What was sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])


def test_past_the_bound_a_request_is_turned_away_and_the_next_one_served_again() -> None:
    async def story() -> None:
        go = asyncio.Event()

        async def app(_scope: dict[str, Any], _receive: Any, send: Any) -> None:
            await go.wait()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        access = Access(app, max_in_flight=2)
        served = [Answer(), Answer()]
        running = [asyncio.create_task(access(scope(), no_body, answer)) for answer in served]
        await asyncio.sleep(0)
        turned_away = Answer()
        await asyncio.wait_for(access(scope(), no_body, turned_away), 5)
        assert turned_away.status == 503
        assert turned_away.headers[b"retry-after"] == b"1"
        assert turned_away.headers[b"connection"] == b"close"
        assert b"x-request-id" in turned_away.headers
        assert json.loads(turned_away.messages[1]["body"])["code"] == "busy"
        go.set()
        await asyncio.gather(*running)
        assert [answer.status for answer in served] == [204, 204]
        after = Answer()
        await access(scope(), no_body, after)
        assert after.status == 204

    asyncio.run(story())


def test_a_request_that_fails_gives_its_place_back() -> None:
    async def story() -> None:
        async def app(_scope: dict[str, Any], _receive: Any, _send: Any) -> None:
            raise ConnectionError

        access = Access(app, max_in_flight=1)
        for _ in range(3):
            try:
                await access(scope(), no_body, Answer())
            except ConnectionError:
                continue
            raise AssertionError("it was turned away")

    asyncio.run(story())


def test_an_answer_that_steps_aside_takes_no_place_and_is_told_its_end() -> None:
    async def story() -> None:
        go, ended = asyncio.Event(), list[str]()

        async def app(own: dict[str, Any], _receive: Any, send: Any) -> None:
            own[EXCHANGE].step_aside(lambda: ended.append("once"))
            await go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ConnectionError

        access = Access(app, max_in_flight=1)
        streams = [asyncio.create_task(access(scope(), no_body, Answer())) for _ in range(3)]
        await asyncio.sleep(0)
        assert ended == []
        go.set()
        outcomes = await asyncio.gather(*streams, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
        assert ended == ["once"] * 3

    asyncio.run(story())
