"""Who may register: what a page has to know before it offers it."""

from __future__ import annotations

from typing import Literal

import msgspec

from api.operation import Answer, Call, Operation, operation
from api.resource import Resource


class RegistrationMode(msgspec.Struct, frozen=True):
    mode: Literal["open", "invited", "closed"]


class Mode(Resource):
    @operation(
        Operation(
            summary="Who may register",
            auth="none",
            answers={200: Answer("Anybody, whoever has an invitation, nobody", RegistrationMode)},
            problems=(400, 422),
        )
    )
    async def on_get(self, call: Call) -> None:
        call.answer(200, RegistrationMode(self.desk.house.settings.registration))
