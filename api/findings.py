"""/files/{id}/waveform, thumbnail, transcript: what was found out about a file."""

from __future__ import annotations

import falcon.asgi

from api.conditional import none_match
from api.files import confine
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import TranscriptAnswer
from service.desk.renditions import RenditionName
from service.files.revealing import small_rendition, transcript

PROBLEMS = (400, 401, 404, 409, 422, 503)


class Rendition(Resource):
    async def _send(self, call: Call, file_id: str, name: RenditionName, media_type: str) -> None:
        stored, data = await small_rendition(self.desk, call.who, file_id, name)
        resp: falcon.asgi.Response = call.resp
        etag = f'"{stored.view.hash_sha256[:32]}-{name}"'
        confine(resp)
        resp.set_header("ETag", etag)
        if none_match(call.req.get_header("If-None-Match"), etag):
            resp.status = 304
            return
        resp.content_type = media_type
        resp.data = data


class FileWaveform(Rendition):
    @operation(
        Operation(
            summary="An audio file's waveform",
            access="read",
            account_wide=False,
            answers={
                200: Answer("audiowaveform JSON, version 2, 8 bits", media_type="application/json"),
                304: Answer("What you have is what there is"),
            },
            problems=PROBLEMS,
            description="At most 8,000 points, whatever the length. 404 `no_rendition` for what is not audio.",
        )
    )
    async def on_get(self, call: Call, file_id: str) -> None:
        await self._send(call, file_id, "waveform", "application/json")


class FileThumbnail(Rendition):
    @operation(
        Operation(
            summary="A picture's thumbnail",
            access="read",
            account_wide=False,
            answers={
                200: Answer("At most 512 pixels on its longer side", media_type="image/webp"),
                304: Answer("What you have is what there is"),
            },
            problems=PROBLEMS,
        )
    )
    async def on_get(self, call: Call, file_id: str) -> None:
        await self._send(call, file_id, "thumbnail", "image/webp")


class FileTranscript(Resource):
    @operation(
        Operation(
            summary="What is said in an audio file",
            access="read",
            account_wide=False,
            answers={200: Answer("The transcript", TranscriptAnswer)},
            problems=PROBLEMS,
            description="404 `no_transcript` when transcription is off, or nothing was said.",
        )
    )
    async def on_get(self, call: Call, file_id: str) -> None:
        found = await transcript(self.desk, call.who, file_id)
        text = " ".join(segment.text.strip() for segment in found.segments)
        call.answer(200, TranscriptAnswer(found.language, text, found.segments))
