"""The log, for auditors: a static log as of c2sp.org/tlog-tiles, up to the published checkpoint. No credentials, and
nothing in it that would take any; so pages of other sites may read it, too."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from typing import Final

from api.access import EXCHANGE, Exchange
from api.conditional import none_match
from api.content_coding import IDENTITY, preferred
from api.credentials import client_address
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from domain.errors import NotFound
from eventstore.tiles import parse_tile
from service.desk.desk import Desk

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
NEWEST: Final = "public, max-age=1"
# Not for good: where a log was begun anew, another history may stand under the same addresses.
SETTLED: Final = "public, max-age=3600"
ENTRIES: Final = "entries"
_LEVEL: Final = re.compile(r"0|[1-9][0-9]?")


class LogKey(Resource):
    @operation(
        Operation(
            summary="The log's verifier key",
            auth="none",
            answers={200: Answer("A verifier key as of c2sp.org/signed-note", media_type=TEXT)},
            problems=(404,),
        )
    )
    async def on_get(self, call: Call) -> None:
        _open_to_all(call)
        _tell(call, self.desk.public_log.key(), TEXT, NEWEST)

    on_head = on_get


class LogCheckpoint(Resource):
    @operation(
        Operation(
            summary="The newest signed checkpoint",
            auth="none",
            answers={200: Answer("A signed note as of c2sp.org/tlog-checkpoint", media_type=TEXT)},
            problems=(404,),
        )
    )
    async def on_get(self, call: Call) -> None:
        _open_to_all(call)
        published = self.desk.public_log.published()
        _tell(call, None if published is None else published.data, TEXT, NEWEST)

    on_head = on_get


class LogTile(Resource):
    def __init__(self, desk: Desk, trusted: frozenset[str]) -> None:
        """`trusted`: addresses of proxies, which tell for whom they ask."""
        super().__init__(desk)
        self._trusted = trusted

    @operation(
        Operation(
            summary="Hashes of the tree, or the entries below them",
            auth="none",
            answers={200: Answer("A tile or an entry bundle", media_type=BYTES), 304: Answer("Nothing has changed")},
            path_parts={"tail": {"type": "string"}},
            problems=(404, 503),
        )
    )
    async def on_get(self, call: Call, tail: str) -> None:
        """`<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`."""
        _open_to_all(call)
        self._take_place(call)
        kind, _, name = tail.partition("/")
        if kind == ENTRIES:
            await self._entries(call, name)
        else:
            tile = parse_tile(int(kind), name) if _LEVEL.fullmatch(kind) else None
            _tell(call, None if tile is None else await self.desk.public_log.tile(tile), BYTES, SETTLED)

    on_head = on_get

    def _take_place(self, call: Call) -> None:
        """Until the answer is sent: whoever reads slowly holds what was made for them. Busy."""
        exchange: Exchange = call.req.scope[EXCHANGE]
        with ExitStack() as stack:
            stack.enter_context(self.desk.public_log.pieces.one(client_address(call.req, self._trusted)))
            exchange.at_end(stack.pop_all().close)

    async def _entries(self, call: Call, name: str) -> None:
        """Compressed for whoever takes it: envelopes are public, so their length tells nobody anything."""
        tile = parse_tile(0, name)
        coding = preferred(call.req.get_header("Accept-Encoding"), ["gzip"])
        compressed = coding != IDENTITY
        data = None if tile is None else await self.desk.public_log.entries(tile, compressed=compressed)
        call.resp.set_header("Vary", "Accept-Encoding")
        if compressed and data is not None:
            call.resp.set_header("Content-Encoding", coding)
        _tell(call, data, BYTES, SETTLED)


def _open_to_all(call: Call) -> None:
    """Said before anything can be refused: a page that may read a tile may read that there is none."""
    call.resp.set_header("Access-Control-Allow-Origin", "*")
    call.resp.set_header("Access-Control-Expose-Headers", "ETag, Retry-After")


def _tell(call: Call, data: bytes | None, media_type: str, cache: str) -> None:
    if data is None:
        raise NotFound("The published log has no such thing.")
    resp = call.resp
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    resp.set_header("ETag", etag)
    resp.set_header("Cache-Control", cache)
    if none_match(call.req.get_header("If-None-Match"), etag):
        resp.status = 304
        return
    resp.content_type = media_type
    resp.content_length = len(data)  # Of what HEAD does not send, too.
    resp.data = data
