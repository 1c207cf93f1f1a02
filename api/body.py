"""Request bodies: read in bounded pieces, and refused when they end early.

A client that goes away or stalls in the middle looks to Falcon like a clean end (gunicorn gives an idle body up after
`body_timeout_s`). `api/access.py` notes the disconnect in the scope; here it becomes an error, so that half a body is
never taken for a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import falcon.asgi

from api.errors import HttpProblem
from service.machine.errors import BodyCut

PIECE_BYTES = 1024 * 1024
CUT = "strongroom.cut"


def require_whole(req: falcon.asgi.Request) -> None:
    """BodyCut if the client went away before the end of its body."""
    if CUT in req.scope:
        raise BodyCut


async def read_body(req: falcon.asgi.Request, most_bytes: int, timeout_s: float) -> bytes:
    """The whole body. HttpProblem 413 past the bound; BodyCut when it ends early, or has not come after `timeout_s`: a
    byte now and then would hold a connection, and what was read of it, for ever."""
    declared = req.content_length
    if declared is not None and declared > most_bytes:
        raise _too_large(most_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            data: bytes = await req.stream.read(most_bytes + 1)
    except TimeoutError:
        raise BodyCut from None
    if len(data) > most_bytes:
        raise _too_large(most_bytes)
    require_whole(req)
    if declared is not None and len(data) != declared:
        raise BodyCut
    return data


async def pieces(req: falcon.asgi.Request) -> AsyncIterator[bytes]:
    """A raw body as it comes, in pieces of at most 1 MiB. BodyCut when it ends early."""
    received = 0
    while data := await req.stream.read(PIECE_BYTES):
        received += len(data)
        yield data
    require_whole(req)
    if req.content_length is not None and received != req.content_length:
        raise BodyCut


async def chunks(req: falcon.asgi.Request) -> AsyncIterator[bytes]:
    """A raw body in the pieces in which it comes: none of them waits for the next. BodyCut when it ends early."""
    received = 0
    async for data in req.stream:
        received += len(data)
        yield data
    require_whole(req)
    if req.content_length is not None and received != req.content_length:
        raise BodyCut


def _too_large(most_bytes: int) -> HttpProblem:
    return HttpProblem(413, "body_too_large", f"The body may have at most {most_bytes} bytes.")
