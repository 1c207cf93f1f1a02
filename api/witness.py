"""The witness's two routes, as an ASGI app of its own. Gunicorn loads `api.witness:create()`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Final

import falcon
import falcon.asgi
import structlog

from eventstore.witness import MAX_REQUEST_BYTES
from service.audit.witnessing import TEXT, Witness, WitnessError, witness_settings

BODY_TIMEOUT_S: Final = 10.0
_log = structlog.get_logger("witness")


def create() -> falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]:
    """Settings come from the environment."""
    return build(Witness(witness_settings(os.environ)), lambda: int(time.time()))


def build(witness: Witness, clock_s: Callable[[], int]) -> falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]:
    """`clock_s`: POSIX seconds, told in each cosignature."""
    app: falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response] = falcon.asgi.App()
    app.add_route("/add-checkpoint", _AddCheckpoint(witness, clock_s))
    app.add_route("/key", _Key(witness))
    return app


class _AddCheckpoint:
    def __init__(self, witness: Witness, clock_s: Callable[[], int]) -> None:
        self._witness = witness
        self._clock_s = clock_s

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """c2sp.org/tlog-witness: 200 with the cosignature, or 400, 403, 404, 409, 422 with the reason."""
        response.content_type = TEXT
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await request.stream.read(MAX_REQUEST_BYTES + 1)
        except TimeoutError:
            response.status, response.data = falcon.HTTP_408, b"too slow\n"
            return
        if len(body) > MAX_REQUEST_BYTES:
            response.status, response.data = falcon.HTTP_413, b"too long\n"
            return
        try:
            answer = await asyncio.to_thread(self._witness.add_checkpoint, body, self._clock_s())
        except (OSError, WitnessError) as error:  # Not remembered, so not cosigned.
            _log.error("nothing cosigned", why=str(error))
            response.status, response.data = falcon.HTTP_503, b"the witness cannot remember just now\n"
            return
        response.status, response.content_type, response.data = answer.status, answer.content_type, answer.body


class _Key:
    def __init__(self, witness: Witness) -> None:
        self._body = f"{witness.verifier}\n".encode()

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """The verifier key, as text."""
        response.content_type, response.data = TEXT, self._body
