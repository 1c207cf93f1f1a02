"""/files: a file's row and its bytes, any range of them; retrying and deleting."""

from __future__ import annotations

import re
from urllib.parse import quote

import falcon.asgi

from api.conditional import none_match, range_holds
from api.errors import HttpProblem
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import ContentQuery, PositionAnswer
from api.shapes_receipts import Deleted
from service.files import files
from service.files.content import Served, open_content
from service.reading.views import FileView

INLINE_TYPES = frozenset(
    {
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp",
        "audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "audio/webm", "audio/mp4", "audio/flac", "audio/aac",
        "video/mp4", "video/webm", "video/ogg", "video/quicktime",
    }
)  # fmt: skip
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class FileItem(Resource):
    @operation(
        Operation(
            summary="A file's row",
            access="read",
            account_wide=False,
            answers={200: Answer("The file", FileView)},
            problems=(400, 401, 404, 503),
        )
    )
    async def on_get(self, call: Call, file_id: str) -> None:
        described = await files.describe(self.desk, call.who, file_id)
        call.tell_stale(stale=described.stale)
        call.answer(200, described.view)

    @operation(
        Operation(
            summary="Delete a file",
            access="write",
            account_wide=False,
            answers={202: Answer("Its keys are destroyed: it cannot be opened again", Deleted)},
            problems=(400, 401, 403, 404, 409, 503, 507),
        )
    )
    async def on_delete(self, call: Call, file_id: str) -> None:
        call.answer(202, Deleted.at(await files.delete(self.desk, call.who, file_id)))


class FileRetry(Resource):
    @operation(
        Operation(
            summary="Process a file again",
            access="write",
            account_wide=False,
            answers={202: Answer("It is being processed", PositionAnswer)},
            problems=(400, 401, 403, 404, 409, 422, 503, 507),
        )
    )
    async def on_post(self, call: Call, file_id: str) -> None:
        done = await files.retry(self.desk, call.who, file_id, call.asked)
        call.answer(202, PositionAnswer(done.position), replayed=done.replayed)


CONTENT = Operation(
    summary="A file's bytes",
    access="read",
    account_wide=False,
    query=ContentQuery,
    answers={
        200: Answer("All of it, decrypted", media_type="application/octet-stream"),
        206: Answer("The range asked for", media_type="application/octet-stream"),
        304: Answer("What you have is what there is"),
    },
    problems=(400, 401, 404, 409, 416, 422, 503, 507),
    description="`Range` with one range and `If-Range` are honoured. `disposition=inline` works for an allow-list of "
    "pictures, audio and video; everything else is an attachment.",
)
CONTENT_HEAD = Operation(
    summary="What would be sent of a file",
    access="read",
    account_wide=False,
    query=ContentQuery,
    answers={200: CONTENT.answers[200], 304: CONTENT.answers[304]},
    problems=(400, 401, 404, 409, 422, 503, 507),
    description="The headers of a GET without `Range`.",
)


class FileContent(Resource):
    @operation(CONTENT)
    async def on_get(self, call: Call, file_id: str) -> None:
        await self._open(call, file_id)

    @operation(CONTENT_HEAD)
    async def on_head(self, call: Call, file_id: str) -> None:
        await self._open(call, file_id)

    async def _open(self, call: Call, file_id: str) -> None:
        content, served = await open_content(self.desk, call.who, file_id, call.query.rendition)
        try:
            span = _headers(call, served)
        except BaseException:
            content.close()
            raise
        if span is None or call.req.method == "HEAD":
            content.close()
        else:
            call.resp.stream = content.pieces(*span)


def _headers(call: Call, served: Served) -> tuple[int, int] | None:
    """Sets status and headers; the bytes to send as [start, end), or None when there is nothing to send."""
    req, resp = call.req, call.resp
    etag = f'"{served.tag}"'
    resp.set_header("ETag", etag)
    resp.set_header("Accept-Ranges", "bytes")
    confine(resp)
    inline = call.query.disposition == "inline" and served.mime_type in INLINE_TYPES
    resp.set_header("Content-Disposition", disposition("inline" if inline else "attachment", served.name))
    if none_match(req.get_header("If-None-Match"), etag):
        resp.status = 304
        return None
    resp.content_type = served.mime_type
    size = served.size_bytes
    start, end, partial = 0, size, False
    asked = req.get_header("Range") if req.method == "GET" else None  # It means nothing on a HEAD: RFC 9110 §14.2.
    if asked is not None and range_holds(req.get_header("If-Range"), etag):
        span = parse_range(asked, size)
        if span is not None:
            start, end = span
            partial = True
    if partial:
        resp.status = 206
        resp.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
    else:
        resp.status = 200
    resp.content_length = end - start
    return start, end


def confine(resp: falcon.asgi.Response) -> None:
    """Bytes of anybody's making: nothing in them may run, or be had by another page."""
    resp.set_header("Cache-Control", "private, no-cache")
    resp.set_header("X-Content-Type-Options", "nosniff")
    resp.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
    resp.set_header("Cross-Origin-Resource-Policy", "same-origin")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """[start, end) of one byte range; None to serve everything (several ranges, other units): RFC 9110 §14.2 lets a
    server ignore them. HttpProblem 416 when it lies outside."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if first == "":
        length = int(last)
        start, end = max(0, size - length), size
        if length == 0:
            raise _outside(size)
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise _outside(size)
    return start, end


def _outside(size: int) -> HttpProblem:
    return HttpProblem(
        416, "range_not_satisfiable", "The range lies outside the file.", headers={"Content-Range": f"bytes */{size}"}
    )


def disposition(kind: str, name: str) -> str:
    """RFC 6266: the whole name in `filename*`, an ASCII likeness for what cannot read it."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
