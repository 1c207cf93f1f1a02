"""/upload: several files in one request, streamed to the spool in constant memory, each with an outcome of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import falcon
import falcon.asgi
import falcon.media.multipart
import msgspec

from api.body import PIECE_BYTES, pieces, require_whole
from api.errors import HttpProblem, invalid, translate
from api.names import MAX_NAME_CHARS, is_name
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import AcceptedFile, AudioQuery, RejectedFile, UploadAnswer, canonical_id
from domain.errors import Rejected
from domain.events import FileKind
from service.desk.desk import Desk
from service.house.requests import Asked
from service.machine.errors import StorageFull
from service.uploads import uploads
from service.uploads.incoming import Incoming, Received, room_for
from service.uploads.uploads import Place, Refused, Uploaded

MAX_FIELD_BYTES = 1_024
MULTIPART = "multipart/form-data"
Source = AsyncIterator[bytes]
PLACE_FIELDS = ("chat_id", "message_id")
PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422, 503, 507)


class PartHead(msgspec.Struct, frozen=True):
    """What a part of a form says of itself; `filename` makes it a file."""

    name: str
    filename: str | None
    content_type: str


def _head(part: falcon.asgi.multipart.BodyPart) -> PartHead:
    """HttpProblem 400 for bytes that are no text: names are UTF-8 (RFC 7578 §5.1), the rest is ASCII."""
    try:
        return PartHead(part.name or "", part.filename, part.content_type)
    except UnicodeDecodeError:
        raise HttpProblem(400, "invalid_request", "The head of a part is not in UTF-8.") from None


class Upload:
    """What one request has brought so far."""

    def __init__(self, desk: Desk, call: Call, kind: FileKind) -> None:
        self._desk = desk
        self._call = call
        self._kind = kind
        self._place = Place()
        self._received: list[Received] = []
        self._refused: list[Refused] = []
        self._failure: HttpProblem | None = None

    async def take_form(self) -> None:
        """All parts, to the end of the form: a body cut short is noticed only there, so nothing is committed before."""
        fields: dict[str, str] = {}
        count = 0
        try:
            form: falcon.asgi.multipart.MultipartForm = await self._call.req.get_media()
            async for part in form:
                head = _head(part)
                if head.filename is None:
                    await self._take_field(part, head, fields, files_seen=count > 0)
                    continue
                count += 1
                if count == 1:
                    self._place = _place(self._desk, self._call, fields)
                await self._take_part(part, head, head.filename, count)
        except falcon.media.multipart.MultipartParseError as error:
            raise HttpProblem(400, "invalid_request", "The form is not complete multipart/form-data.") from error
        require_whole(self._call.req)
        if count == 0:
            raise HttpProblem(422, "no_files", "There was no file in the form.")

    async def _take_field(
        self, part: falcon.asgi.multipart.BodyPart, head: PartHead, fields: dict[str, str], *, files_seen: bool
    ) -> None:
        name = head.name
        if name not in PLACE_FIELDS:
            raise invalid(name, "Unknown field")
        if files_seen:
            raise invalid(name, "Fields come before the files")
        data = await part.stream.read(MAX_FIELD_BYTES + 1)
        try:
            fields[name] = canonical_id(data.decode())
        except ValueError:
            raise invalid(name, "Expected a UUID") from None

    async def _take_part(self, part: falcon.asgi.multipart.BodyPart, head: PartHead, name: str, count: int) -> None:
        if count > self._desk.house.settings.max_files_per_request:
            self._refuse(name, HttpProblem(413, "too_many_files", "Too many files in one request."))
        elif not is_name(name):
            self._refuse(name[:MAX_NAME_CHARS], invalid("filename", "Expected a printable name of 1 to 255 characters"))
        else:
            await self.take_file(name, head.content_type, _pieces(part))
        while await part.stream.read(PIECE_BYTES):
            pass  # What was refused is still read to its end: the parts after it are to be had.

    async def take_file(self, name: str, declared_type: str, source: Source) -> None:
        """One file into its spool, or onto the list of refused ones. What is cut short ends the whole request."""
        try:
            keyed = self._call.asked is not None
            room = await self._desk.aside(lambda: room_for(self._desk.house, self._call.who, keyed=keyed))
        except StorageFull as error:
            self._refuse_for(name, error)
            return
        incoming = Incoming(self._desk, name, declared_type, self._kind, room)
        try:
            async for data in source:
                await incoming.append(data)
            self._received.append(await incoming.finish())
        except (Rejected, StorageFull) as error:
            await incoming.abandon()
            self._refuse_for(name, error)
        except BaseException:
            await incoming.abandon()
            raise

    def _refuse_for(self, name: str, error: Rejected | StorageFull) -> None:
        problem = translate(error)
        assert problem is not None
        self._refuse(name, problem)

    def _refuse(self, name: str, problem: HttpProblem) -> None:
        self._refused.append(Refused(name, problem.code, problem.detail))
        self._failure = self._failure or problem

    async def commit(self, asked: Asked | None) -> Uploaded:
        """Acknowledged: keys, then event. A problem answer only when not one file was taken."""
        done = Uploaded([])
        if self._received:
            # From here on the files are the commit's, which goes on to its end even when the client leaves: taking
            # back keys beside it could leave an event without them.
            received, self._received = self._received, []
            committing = uploads.commit(self._desk, self._call.who, self._place, received, asked)
            done, over = await asyncio.shield(asyncio.ensure_future(committing))
            for one in over:
                self._refuse(one.name, HttpProblem(413, one.code, one.detail))
        if not done.files and self._failure is not None:
            raise self._failure
        return done

    def answer(self, done: Uploaded) -> None:
        files = [
            AcceptedFile(one.file_id, one.name, one.kind, one.size_bytes, "processing", one.position)
            for one in done.files
        ]
        rejected = [RejectedFile(one.name, one.code, one.detail) for one in self._refused]
        self._call.answer(202, UploadAnswer(files, rejected), replayed=done.replayed)

    async def drop(self) -> None:
        """Nothing was acknowledged: what lies in the spool goes."""
        if self._received:
            await uploads.discard(self._desk, self._received)
            self._received = []


def _place(desk: Desk, call: Call, fields: dict[str, str]) -> Place:
    return uploads.find_place(desk.house, call.who, fields.get("chat_id"), fields.get("message_id"))


async def _pieces(part: falcon.asgi.multipart.BodyPart) -> Source:
    while data := await part.stream.read(PIECE_BYTES):
        yield data


def media_type(req: falcon.asgi.Request) -> str:
    return (req.content_type or "").partition(";")[0].strip().lower()


class Form(Resource):
    kind: FileKind

    async def take(self, call: Call, *, raw_name: str | None = None) -> None:
        """Streams the body in, commits, answers; whatever goes wrong leaves nothing behind. Busy when too many do."""
        with self.desk.uploads.one(call.who.user):
            await self._take(call, raw_name)

    async def _take(self, call: Call, raw_name: str | None) -> None:
        upload = Upload(self.desk, call, self.kind)
        try:
            if media_type(call.req) == MULTIPART:
                await upload.take_form()
            else:
                source = pieces(call.req)
                await upload.take_file(raw_name or "recording", call.req.content_type or "", source)
            asked = call.asked
            if asked is not None:
                asked = Asked(asked.route, asked.key, (raw_name or "").encode())
            done = await upload.commit(asked)
        except BaseException:
            await upload.drop()
            raise
        upload.answer(done)


class Files(Form):
    kind: FileKind = "file"

    @operation(
        Operation(
            summary="Upload files",
            access="post",
            account_wide=False,
            uploads=(MULTIPART,),
            answers={202: Answer("Durable; each file is being sealed", UploadAnswer)},
            problems=PROBLEMS,
            description="One or more file parts of any field name; text fields `chat_id` and `message_id` before them.",
        )
    )
    async def on_post(self, call: Call) -> None:
        if media_type(call.req) != MULTIPART:
            raise HttpProblem(415, "unsupported_media_type", f"This takes {MULTIPART}.")
        await self.take(call)


class Audio(Form):
    kind: FileKind = "audio"

    @operation(
        Operation(
            summary="Upload audio",
            access="post",
            account_wide=False,
            uploads=(MULTIPART, "audio/*"),
            query=AudioQuery,
            answers={202: Answer("Durable; being sealed", UploadAnswer)},
            problems=PROBLEMS,
            description="A form like /upload/files, or the recording itself as the body with its name in `?name=`.",
        )
    )
    async def on_post(self, call: Call) -> None:
        query: AudioQuery = call.query
        declared = media_type(call.req)
        if declared != MULTIPART and not declared.startswith("audio/"):
            raise HttpProblem(415, "unsupported_media_type", f"This takes {MULTIPART} or audio/*.")
        name = query.name
        if name is not None and not is_name(name):
            raise invalid("name", "Expected a printable name")
        if declared != MULTIPART and call.req.content_length == 0:
            raise HttpProblem(422, "no_files", "The body is empty.")
        await self.take(call, raw_name=name)
