"""Is it alive, is it ready."""

from __future__ import annotations

from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import Health, Readiness, StoppedAt
from service.upkeep.readiness import state


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
                200: Answer("Log, keyring, queue and workers are there, and the read tables move", Readiness),
                503: Answer("Something is missing", Readiness),
            },
        )
    )
    async def on_get(self, call: Call) -> None:
        found = await self.desk.aside(lambda: state(self.desk.house))
        stands = found.standstill
        call.answer(
            503 if found.missing else 200,
            Readiness(
                "not_ready" if found.missing else "ready",
                found.missing,
                StoppedAt(stands.position, stands.event_type) if stands is not None else None,
                found.warnings,
            ),
        )
