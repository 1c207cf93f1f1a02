"""Around the whole app: request ids, one log line per request, how many at once, bodies cut short or unwanted."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, reset_contextvars

from api.body import CUT
from api.errors import PROBLEM_TYPE, HttpProblem, body_cut, busy, encode
from service.machine.meter import OTHER, SILENT, Meter
from service.machine.metrics import REQUEST_BYTES, REQUEST_SECONDS, REQUESTS, RESPONSE_BYTES

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
EXCHANGE = "strongroom.exchange"

DRAIN_BYTES = 8 * 1024 * 1024
DRAIN_TIMEOUT_S = 2.0
MAX_IN_FLIGHT = 2_000  # Per process: gunicorn's asgi worker does not keep to its `worker_connections`.
QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
NO_ROUTE = "-"  # The page, and whatever leads nowhere.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # Others a client makes up.
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_log = structlog.get_logger("access")


class Access:
    """The route's template is logged, never the path or the query: they can hold what a person wrote."""

    def __init__(self, app: App, max_in_flight: int = MAX_IN_FLIGHT, meter: Meter = SILENT) -> None:
        self._app = app
        self._meter = meter
        self._max_in_flight = max_in_flight
        self._in_flight = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})  # Before accepting: the server answers 403. No route takes one.
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._leave)
        self._in_flight += 1
        ids = bind_contextvars(request_id=scope["strongroom.request_id"])
        try:
            if self._in_flight > self._max_in_flight:
                await exchange.turn_away()
            else:
                await self._app(scope, exchange.receive, exchange.send)
                await exchange.require_answer()
        finally:
            exchange.end()
            exchange.log()
            exchange.measure(self._meter)
            reset_contextvars(**ids)  # The next request of this connection has an id of its own.

    def _leave(self) -> None:
        self._in_flight -= 1


class Exchange:
    """One request and its answer, as they pass by. Found again in the scope, under EXCHANGE."""

    __slots__ = (
        "_at_end", "_body_ended", "_leave", "_receive", "_received_bytes", "_scope", "_send", "_sent_bytes",
        "_started_at", "_status", "_waited_s",
    )  # fmt: skip

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave
        self._at_end: Callable[[], None] | None = None
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started_at = time.perf_counter()
        self._status = 0
        self._sent_bytes = 0
        self._received_bytes = 0
        self._waited_s = 0.0
        self._body_ended = False
        scope["strongroom.request_id"] = os.urandom(8).hex()
        scope[EXCHANGE] = self

    def step_aside(self, at_end: Callable[[], None]) -> None:
        """An answer that goes on for as long as its reader listens is not counted among the requests in flight: it has
        a bound of its own, and waiting costs next to nothing. `at_end` is called when it is over, however it ends."""
        self.at_end(at_end)
        self._depart()

    def at_end(self, then: Callable[[], None]) -> None:
        """`then` is called once when the exchange is over, however it ends: also where no byte of the answer could be
        sent, and nobody ever began to read from what would have made it."""
        self._at_end = then

    def end(self) -> None:
        self._depart()
        if self._at_end is not None:
            self._at_end()
        del self._scope[EXCHANGE]  # Scope and exchange name each other: they go at once, and not with the collector.

    def _depart(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    async def gone(self) -> None:
        """Returns when the client has gone away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass  # A body that nobody asked for.

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            if not self._body_ended:
                self._scope[CUT] = True
            self._body_ended = True
            return message
        self._received_bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            self._body_ended = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._waited_s = time.perf_counter() - self._started_at
            if self._status >= 400 and not self._body_ended:
                await self._drain()
            request_id = self._scope["strongroom.request_id"].encode()
            message["headers"] = [*message["headers"], (b"x-request-id", request_id), *self._missing(message)]
        else:
            self._sent_bytes += len(message.get("body", b""))
        await self._send(message)

    async def require_answer(self) -> None:
        """Falcon says nothing at all when the body's first piece never came: to it, nobody is left to be told. But a
        sender who only stood still is there, and gunicorn would tell them of an internal error."""
        if not self._status:
            await self._refuse(body_cut())

    async def turn_away(self) -> None:
        """Too many are being served. The rest of the body is not waited for: that would be serving one more."""
        self._body_ended = True
        await self._refuse(busy("Too many requests at once. Try again."))

    async def _refuse(self, problem: HttpProblem) -> None:
        data = encode(problem)
        headers = [
            (b"content-type", PROBLEM_TYPE.encode()),
            (b"content-length", str(len(data)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
        ]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": data})

    @staticmethod
    def _missing(message: Message) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in message["headers"]}
        return [header for header in SECURITY_HEADERS if header[0] not in present]

    async def _drain(self) -> None:
        """A refusal sent while the body is still coming would be lost with the connection's reset: read a little of
        the rest, bounded in size and time, before it."""
        left = DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while left > 0 and not self._body_ended:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            return

    def log(self) -> None:
        route = self._scope.get("strongroom.route", NO_ROUTE)
        if route in QUIET_ROUTES:
            return
        _log.info(
            "request",
            method=self._method(),
            route=route,
            status=self._status,
            sent_bytes=self._sent_bytes,
            duration_ms=round((time.perf_counter() - self._started_at) * 1_000, 2),
        )

    def _method(self) -> str:
        """A word that a client made up is none for a log."""
        return self._scope["method"] if self._scope["method"] in METHODS else OTHER

    def measure(self, meter: Meter) -> None:
        route = _plain_route(self._scope.get("strongroom.route", NO_ROUTE))
        method = self._method()
        meter.add(REQUESTS, 1, (method, route, str(self._status)))
        if self._status:
            meter.observe(REQUEST_SECONDS, self._waited_s, (method, route))
        if self._received_bytes:
            meter.add(REQUEST_BYTES, self._received_bytes, (route,))
        if self._sent_bytes:
            meter.add(RESPONSE_BYTES, self._sent_bytes, (route,))


def _plain_route(template: str) -> str:
    """Below /api are the same routes as below /api/v1: one series for both."""
    if template.startswith("/api/") and not template.startswith("/api/v1/"):
        return f"/api/v1/{template[5:]}"
    return template
