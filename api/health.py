"""Is it alive, is it ready."""

from __future__ import annotations

from api.operation import Answer, Call, Operation, operation
from api.shapes import Health, Readiness
from service.desk import Desk
from service.readiness import missing_parts


class Resource:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk


class Healthz(Resource):
    @operation(Operation(summary="Alive", auth="none", answers={200: Answer("The process answers", Health)}))
    async def on_get(self, call: Call) -> None:
        call.answer(200, Health("ok"))


class Readyz(Resource):
    @operation(
        Operation(
            summary="Ready",
            auth="none",
            answers={
                200: Answer("Log, keyring, queue and workers are there", Readiness),
                503: Answer("Something is missing", Readiness),
            },
        )
    )
    async def on_get(self, call: Call) -> None:
        missing = await self.desk.aside(lambda: missing_parts(self.desk.house))
        call.answer(503 if missing else 200, Readiness("not_ready" if missing else "ready", missing))
