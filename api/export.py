"""/user/export and /user/import: everything out as one ZIP, and in again."""

from __future__ import annotations

from api.access import EXCHANGE, Exchange
from api.body import chunks
from api.errors import HttpProblem
from api.files import confine, disposition
from api.operation import Answer, Call, Operation, operation
from api.rates import rate_headers
from api.resource import Resource
from api.shapes_export import ImportAnswer
from service.export import export
from service.export.sending import Sending
from service.importing import importing
from vault.throttle import Limit

ZIP = "application/zip"
EXPORTS = Limit("exports", 20, 3_600)
"""Of one person, by whatever session or token: each is an event that the log keeps for good, and a token that may only
read can ask for it."""
ESTIMATE = "Strongroom-Export-Bytes"


class UserExport(Resource):
    @operation(
        Operation(
            summary="Take everything out",
            answers={200: Answer("A ZIP with all that is yours, decrypted", media_type=ZIP, headers=(ESTIMATE,))},
            access="read",
            problems=(400, 401, 403, 429, 503, 507),
            description="Streamed: data as JSON and NDJSON, pages to read, the files, your events with their proofs. "
            "The manifest comes last: an archive that has it is whole. `Strongroom-Export-Bytes` says about how long "
            "it will be. The history shows that it was asked for. At most 20 "
            "an hour; see `RateLimit`.",
        )
    )
    async def on_get(self, call: Call) -> None:
        exchange: Exchange = call.req.scope[EXCHANGE]
        self._count(call)
        exporting = await export.begin(self.desk, call.who, "session" if call.who.session_id else "token")
        sending = Sending(exporting, self.desk.house.settings.body_timeout_s)
        exchange.at_end(sending.release)
        confine(call.resp)
        call.resp.set_header("Cache-Control", "no-store")
        call.resp.set_header("Content-Disposition", disposition("attachment", exporting.name))
        call.resp.set_header(ESTIMATE, str(exporting.estimate_bytes))
        call.resp.content_type = ZIP
        call.resp.stream = sending

    def _count(self, call: Call) -> None:
        """429 past the limit. What comes to nothing counts, too: all the same it reads a lot."""
        standing = self.desk.count_call(call.who.user, EXPORTS)
        headers = rate_headers(standing)
        for name, value in headers.items():
            call.resp.set_header(name, value)
        if standing.refused:
            raise HttpProblem(429, "rate_limited", "You take everything out very often. Wait a while.", headers=headers)


class UserImport(Resource):
    @operation(
        Operation(
            summary="Bring everything in",
            answers={200: Answer("All of it is here; files are being sealed", ImportAnswer)},
            access="account",
            uploads=(ZIP,),
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="An export as the body, into an account with nothing in it. One that was cut off goes on where "
            "it stopped when it is sent again, and nothing comes in twice.",
        )
    )
    async def on_post(self, call: Call) -> None:
        if (call.req.content_type or "").partition(";")[0].strip().lower() != ZIP:
            raise HttpProblem(415, "unsupported_media_type", f"This takes {ZIP}.")
        done = await importing.take_in(self.desk, call.who, chunks(call.req))
        call.answer(200, ImportAnswer(done.chats, done.messages, done.files, done.skipped, done.position))
