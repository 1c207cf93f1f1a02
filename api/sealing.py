"""/auth/seal: everything closed at once."""

from __future__ import annotations

from api.credentials import clear_cookie
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from service.entrance.sealing_now import seal_now


class SealNow(Resource):
    @operation(
        Operation(
            summary="Seal now",
            access="account",
            answers={204: Answer("Every session and every API token is closed, this session too")},
            problems=(400, 401, 403, 503, 507),
            description="In one step: from then on nothing opens your data until somebody signs in again.",
        )
    )
    async def on_post(self, call: Call) -> None:
        await seal_now(self.desk, call.who)
        clear_cookie(call.req, call.resp)
        call.answer(204)
