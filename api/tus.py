"""/uploads: resumable uploads by the tus protocol, version 1.0.0, with all its extensions but two.

What is left out: checksum-trailer, which no server at hand passes on, and concatenation-unfinished.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

import falcon.asgi
import msgspec

from api.body import chunks
from api.errors import HttpProblem, translate
from api.operation import Answer, Call, HeaderField, Operation, operation
from api.resource import Resource
from api.tus_headers import (
    EXTENSIONS,
    OFFSET_STREAM,
    VERSION,
    Wanted,
    checksum,
    description,
    number,
    require_version,
    stand,
    wanted,
)
from api.uploads import media_type
from domain.errors import Conflict, FileTooLarge, NotAllowed, NotFound, Rejected
from service.house.requests import Asked
from service.machine.errors import BodyCut
from service.uploads import joining, pending, resuming
from service.uploads.pending import Upload
from service.uploads.resuming import Piece
from vault.pending import Form

PATH: Final = re.compile(r"/api(/v1)?/uploads(/[^/]*)?")
OVERRIDABLE: Final = frozenset({"PATCH", "DELETE"})
REFUSED: Final = (400, 401, 403, 404, 409, 412, 413, 415, 422, 423, 429, 460, 503, 507)
STAND: Final = ("Upload-Offset", "Upload-Expires", "Strongroom-File-Id", "Strongroom-Position")
_WHOLE = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_TUS = HeaderField("Tus-Resumable", "The protocol's version.", {"type": "string", "enum": [VERSION]}, required=True)
_LENGTH = HeaderField("Upload-Length", "Bytes of the whole upload.", _WHOLE)
_CHECKSUM = HeaderField(
    "Upload-Checksum",
    "`sha1` or `sha256`, a space, and the digest of this body in Base64.",
    {"type": "string", "pattern": "^(sha1 [A-Za-z0-9+/]{27}=|sha256 [A-Za-z0-9+/]{43}=)$"},
)


class Frame:
    """Middleware: what holds for every request below /uploads, also for one that no operation takes."""

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """The version on every answer, and the method that a client could not send by its name."""
        if PATH.fullmatch(req.path) is None:
            return
        resp.set_header("Tus-Resumable", VERSION)
        override = req.get_header("X-HTTP-Method-Override")
        if override is None or req.method != "POST" or override == "POST":
            return
        if override not in OVERRIDABLE:
            raise HttpProblem(400, "invalid_request", "X-HTTP-Method-Override: PATCH or DELETE.")
        req.method = override


def _versioned(_resource: object, call: Call) -> None:
    require_version(call.req)


def _respond(call: Call, status: int, headers: dict[str, str], *, replayed: bool = False) -> None:
    for name, value in headers.items():
        call.resp.set_header(name, value)
    call.answer(status, replayed=replayed)


class TusResource(Resource):
    @operation(
        Operation(
            summary="What this tus server can do",
            auth="none",
            answers={204: Answer("In the headers", headers=("Tus-Version", "Tus-Extension", "Tus-Max-Size"))},
            problems=(404,),
        )
    )
    async def on_options(self, call: Call, **ids: str) -> None:
        allow = "HEAD, PATCH, DELETE, OPTIONS" if ids else "POST, OPTIONS"
        told = {
            "Allow": allow,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": "sha1,sha256",
        }
        _respond(call, 204, told | self._max_size)

    @property
    def _max_size(self) -> dict[str, str]:
        return {"Tus-Max-Size": str(self.desk.house.settings.max_file_bytes)}

    def _too_large(self, error: FileTooLarge) -> HttpProblem:
        problem = translate(error)
        assert problem is not None
        problem.headers |= self._max_size
        return problem


class UploadList(TusResource):
    @operation(
        Operation(
            summary="Begin a resumable upload",
            access="post",
            account_wide=False,
            headers=(
                _TUS,
                _LENGTH,
                HeaderField(
                    "Upload-Defer-Length", "Instead, when it is not known yet.", {"type": "string", "enum": ["1"]}
                ),
                HeaderField(
                    "Upload-Metadata",
                    "`filename`, `filetype`, `kind`, `chat_id`, `message_id`, each with its value in Base64, with "
                    "commas between. Others are kept and given back.",
                    {"type": "string", "maxLength": 8_000},
                ),
                HeaderField(
                    "Upload-Concat",
                    "`partial`, or `final;` and the URLs of the parts.",
                    {"type": "string", "maxLength": 8_000},
                ),
                _CHECKSUM,
            ),
            uploads=(OFFSET_STREAM,),
            body_required=False,
            before=_versioned,
            answers={201: Answer("It is there", headers=("Location", *STAND))},
            problems=REFUSED,
            description="tus 1.0.0: creation, creation-with-upload, creation-defer-length, concatenation, expiration. "
            "The bytes that come along are taken as by PATCH.",
        )
    )
    async def on_post(self, call: Call) -> None:
        asked_for = wanted(call.req)
        try:
            upload, told = await self._begin(call, asked_for)
        except FileTooLarge as error:
            raise self._too_large(error) from error
        location = {"Location": f"{call.req.path}/{upload.upload_id}"}
        _respond(call, 201, location | (stand(upload) if told else {}), replayed=upload.replayed)

    async def _begin(self, call: Call, asked_for: Wanted) -> tuple[Upload, bool]:
        """The upload, and whether there is more to tell of it than that it is there."""
        asked = None if call.asked is None else Asked(call.asked.route, call.asked.key, _fingerprint(asked_for))
        if asked_for.form is Form.JOINED:
            with self.desk.uploads.one(call.who.user):
                return await joining.join(self.desk, call.who, asked_for.words, asked_for.parts, asked), True
        if not _has_body(call.req):
            upload = await pending.create(
                self.desk, call.who, asked_for.words, asked_for.size_bytes, asked_for.form, asked
            )
            return upload, True
        _require_offset_stream(call.req)
        piece = Piece(0, length_bytes=call.req.content_length, checksum=checksum(call.req))
        if asked_for.size_bytes is not None and asked_for.size_bytes < (piece.length_bytes or 0):
            raise FileTooLarge("These are more bytes than the upload is to have.")
        with self.desk.uploads.one(call.who.user):
            upload = await pending.create(
                self.desk, call.who, asked_for.words, asked_for.size_bytes, asked_for.form, asked
            )
            return upload if upload.replayed else await self._take(call, upload, piece), True

    async def _take(self, call: Call, upload: Upload, piece: Piece) -> Upload:
        """What came along. If that is refused, there is no upload either: its sender would not know where it is."""
        try:
            return await resuming.append(self.desk, call.who, upload.upload_id, piece, chunks(call.req))
        except BodyCut:
            return await pending.describe(self.desk, call.who, upload.upload_id)
        except Exception:
            with suppress(NotFound, NotAllowed):  # Gone with the token that began it; or it is a file all the same.
                await pending.terminate(self.desk, call.who, upload.upload_id)
            raise


class UploadItem(TusResource):
    @operation(
        Operation(
            summary="Where an upload stands",
            access="post",
            account_wide=False,
            headers=(_TUS,),
            before=_versioned,
            answers={
                200: Answer(
                    "In the headers",
                    headers=(*STAND, "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Concat"),
                )
            },
            problems=(400, 401, 403, 404, 412, 413, 423),
            description="Whoever is sending bytes to it at this moment gives way. 423: ask again.",
        )
    )
    async def on_head(self, call: Call, upload_id: str) -> None:
        try:
            upload = await pending.describe(self.desk, call.who, upload_id)
        except Exception as error:
            problem = translate(error)
            if problem is None or (isinstance(error, Rejected) and not isinstance(error, Conflict)):
                raise
            # Complete, and cannot be made a file just now. Any other refusal would make clients begin from zero.
            raise HttpProblem(423, "upload_locked", problem.detail, headers={"Retry-After": "1"}) from error
        _respond(call, 200, description(upload))

    @operation(
        Operation(
            summary="Send bytes",
            access="post",
            account_wide=False,
            headers=(
                _TUS,
                HeaderField("Upload-Offset", "Where the upload stands.", _WHOLE, required=True),
                _LENGTH,
                _CHECKSUM,
            ),
            uploads=(OFFSET_STREAM,),
            before=_versioned,
            answers={204: Answer("Durable as far as the headers say", headers=STAND)},
            problems=REFUSED,
            description="What has come is kept when the connection breaks, unless a checksum guards it. The answer to "
            "the last byte has `Strongroom-File-Id`. `X-HTTP-Method-Override` on a POST does the same.",
        )
    )
    async def on_patch(self, call: Call, upload_id: str) -> None:
        _require_offset_stream(call.req)
        offset_bytes = number(call.req, "Upload-Offset")
        if offset_bytes is None:
            raise HttpProblem(400, "invalid_request", "Upload-Offset is missing.")
        piece = Piece(offset_bytes, call.req.content_length, number(call.req, "Upload-Length"), checksum(call.req))
        with self.desk.uploads.one(call.who.user):
            try:
                upload = await resuming.append(self.desk, call.who, upload_id, piece, chunks(call.req))
            except BodyCut:
                detail = "The body ended early. What came of it is kept: ask where the upload stands, and go on."
                raise HttpProblem(503, "upload_interrupted", detail, headers={"Retry-After": "1"}) from None
            except FileTooLarge as error:
                raise self._too_large(error) from error
        _respond(call, 204, stand(upload))

    @operation(
        Operation(
            summary="End an upload",
            access="post",
            account_wide=False,
            headers=(_TUS,),
            before=_versioned,
            answers={204: Answer("It is gone, and the file that it may have become")},
            description="A session ends what a token began, too. 403 to a token that only posts: the upload is a file.",
            problems=(400, 401, 403, 404, 409, 412, 423, 503, 507),
        )
    )
    async def on_delete(self, call: Call, upload_id: str) -> None:
        await pending.terminate(self.desk, call.who, upload_id)
        call.answer(204)


def _has_body(req: falcon.asgi.Request) -> bool:
    return bool(req.content_length) or req.get_header("Transfer-Encoding") is not None


def _require_offset_stream(req: falcon.asgi.Request) -> None:
    if media_type(req) != OFFSET_STREAM:
        raise HttpProblem(415, "unsupported_media_type", f"This takes {OFFSET_STREAM}.")


def _fingerprint(asked_for: Wanted) -> bytes:
    """What makes a request to begin the same request: all that it says of the upload."""
    return msgspec.json.encode(asked_for)
