"""One decorator around every responder: who asks, what they sent, what they get. It is what OpenAPI is made from."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import unquote_to_bytes

import falcon.asgi
import msgspec

from api.body import read_body
from api.credentials import identify
from api.errors import HttpProblem, invalid
from api.operators import require_operator
from api.permits import Access, require_permit
from api.shapes import FieldError, NoQuery, canonical_id
from domain.errors import NotFound
from service.desk.desk import Desk
from service.house.principal import Principal
from service.house.requests import Asked
from service.house.still import Still

JSON = "application/json"
MAX_JSON_BYTES = 2 * 1024 * 1024
MAX_KEY_CHARS = 255
Auth = Literal["none", "session", "operator"]
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])
_encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct, frozen=True):
    """One answer of an operation for the document: its JSON type, or a media type for what is not JSON."""

    summary: str
    body: Any = None
    media_type: str = JSON
    also: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


class HeaderField(msgspec.Struct, frozen=True):
    """A header of a request, for the document; the operation itself reads and checks it. `schema`: JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False


class Operation(msgspec.Struct, frozen=True):
    """Everything the wire needs to know of one method on one path. `before` gets the resource and the call ahead of the
    body: what it refuses is not read. `path_parts`: JSON Schema of those parts of the path that are no id; the
    operation itself checks them. `access`: who may, besides a session: see `api.permits`. `account_wide`: what it tells
    or changes is no one chat's, so no token of some chats only may. Whoever says that it is not looks at the token's
    chats itself."""

    summary: str
    answers: Mapping[int, Answer]
    auth: Auth = "session"
    access: Access = "account"
    account_wide: bool = True
    body: Any = None
    max_body_bytes: int = MAX_JSON_BYTES
    before: Callable[[Any, Call], None] | None = None
    uploads: tuple[str, ...] = ()
    body_required: bool = True
    headers: tuple[HeaderField, ...] = ()
    path_parts: Mapping[str, Mapping[str, Any]] = {}
    query: Any = NoQuery
    problems: tuple[int, ...] = ()
    description: str = ""


class Call:
    """One request, understood. `who` is None only where nobody needs to be signed in."""

    __slots__ = ("_who", "asked", "body", "desk", "query", "req", "resp")

    def __init__(
        self,
        desk: Desk,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        who: Principal | None,
        query: Any,
    ) -> None:
        self.desk = desk
        self.req = req
        self.resp = resp
        self._who = who
        self.query = query
        self.body: Any = None
        self.asked: Asked | None = None

    @property
    def session_id(self) -> str:
        """ "" for a token, and where nobody is signed in."""
        return "" if self._who is None else self._who.session_id

    @property
    def who(self) -> Principal:
        assert self._who is not None
        return self._who

    def answer(self, status: int, body: Any = None, *, replayed: bool = False) -> None:
        """JSON, or nothing at all for None."""
        self.resp.status = status
        if body is not None:
            self.resp.data = _encode(body)
            self.resp.content_type = JSON
        self.resp.set_header("Cache-Control", "no-store")
        if replayed and self.asked is not None:
            self.resp.set_header("Idempotency-Replayed", "true")

    def tell_stale(self, *, stale: bool) -> None:
        """Says so when the tables lag behind what this person has written."""
        if stale:
            self.resp.set_header("Strongroom-Stale", "true")


def operation(spec: Operation) -> Callable[[Handler], Handler]:
    """Marks a responder `async def on_…(self, call: Call, **ids)`. Order matters: who is asking is settled before the
    body is touched, so a stranger cannot make us read."""
    decoder = None if spec.body is None else msgspec.json.Decoder(spec.body)

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def responder(self: Any, req: falcon.asgi.Request, resp: falcon.asgi.Response, **ids: str) -> None:
            req.scope["strongroom.route"] = req.uri_template
            desk: Desk = self.desk
            if spec.auth == "operator":
                require_operator(desk, req)
            who = identify(desk, req) if spec.auth == "session" else None
            if who is not None:
                require_permit(who, spec.access, account_wide=spec.account_wide)
            for name, value in ids.items():
                if name not in spec.path_parts:
                    _require_id(value)
            call = Call(desk, req, resp, who, _query(req, spec.query))
            key = _idempotency_key(req)
            if spec.before is not None:
                spec.before(self, call)
            if decoder is not None:
                data = await _json_bytes(req, spec.max_body_bytes, desk.house.settings.body_timeout_s)
                if who is not None:
                    Still(desk.house, who).require()  # The body took its time.
                call.body = _decode(decoder, data)
                if key is not None:
                    call.asked = Asked(f"{req.method} {_plain_path(req.path)}", key, data)
            elif key is not None:
                call.asked = Asked(f"{req.method} {_plain_path(req.path)}", key, b"")
            await handler(self, call, **ids)

        responder.operation = spec  # type: ignore[attr-defined]  # Found again when the document is made.
        return responder  # type: ignore[return-value]  # Falcon calls it with req and resp, not with a Call.

    return decorate


def _plain_path(path: str) -> str:
    """`/api/v1/x` and `/api/x` are the same route."""
    return path.replace("/api/v1/", "/api/", 1)


def _require_id(value: str) -> None:
    """An id that is no id names nothing: 404, like one that does not exist."""
    try:
        canonical_id(value)
    except ValueError:
        raise NotFound("No such thing.") from None


def _idempotency_key(req: falcon.asgi.Request) -> str | None:
    key = req.get_header("Idempotency-Key")
    if key is None or req.method != "POST":
        return None
    if not (1 <= len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable() and " " not in key):
        raise HttpProblem(400, "invalid_request", f"Idempotency-Key: 1 to {MAX_KEY_CHARS} visible ASCII characters.")
    return key


async def _json_bytes(req: falcon.asgi.Request, most_bytes: int, timeout_s: float) -> bytes:
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise HttpProblem(415, "unsupported_media_type", f"This takes {JSON}.")
    return await read_body(req, most_bytes, timeout_s)


def _decode(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise HttpProblem(400, "invalid_request", "The body is not JSON in UTF-8.") from None


def _query(req: falcon.asgi.Request, type_: Any) -> Any:
    params = req.params
    if not params and type_ is NoQuery:
        return None
    _require_text(req)
    for name, value in params.items():
        if not isinstance(value, str):
            raise invalid(name, "Expected one value")
        if "\x00" in value:
            raise invalid(name, "Expected text without NUL")
    try:
        query = msgspec.convert(params, type_, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    for name in params:
        if getattr(query, name) is None:
            raise invalid(name, "Expected a value")  # msgspec takes the text `null` for one that is not there.
    return query


def _require_text(req: falcon.asgi.Request) -> None:
    """400 for a query that is no UTF-8: with marks in the place of what is not, it would ask for something else."""
    try:
        unquote_to_bytes(req.scope["query_string"]).decode()
    except UnicodeDecodeError:
        raise HttpProblem(400, "invalid_request", "The query is not text in UTF-8.") from None


def _wrong(error: msgspec.ValidationError) -> HttpProblem:
    """`Expected … - at `$.field`` → the field and the sentence."""
    message, _, where = str(error).partition(" - at `")
    field = where.rstrip("`").removeprefix("$").removeprefix(".")
    errors = [FieldError(field, message)]
    return HttpProblem(422, "validation_failed", "Some fields are wrong.", errors=errors)
