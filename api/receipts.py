"""/log/receipt: that something was erased, signed by the log. Nobody signs in for it: whose account it was cannot any
more, and it names pseudonyms only, like the log itself."""

from __future__ import annotations

import re
from typing import Final

from api.credentials import client_address
from api.errors import HttpProblem
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from domain.errors import NotFound
from eventstore.log import MAX_POSITION, Log
from service.desk.desk import Desk
from service.house.log_key import LogRefused, open_signer
from service.management.receipts import NotDone, find_erasure, require_gone, sign_receipt

TEXT: Final = "text/plain; charset=utf-8"
RETRY_S: Final = 2
_POSITION: Final = re.compile(r"[1-9][0-9]{0,18}")


class LogReceipt(Resource):
    def __init__(self, desk: Desk, trusted: frozenset[str]) -> None:
        """`trusted`: addresses of proxies, which tell for whom they ask."""
        super().__init__(desk)
        self._trusted = trusted

    @operation(
        Operation(
            summary="The receipt of an erasure",
            auth="none",
            answers={200: Answer("A signed note as of c2sp.org/signed-note", media_type=TEXT)},
            path_parts={"position": {"type": "integer", "minimum": 1}},
            problems=(404, 503),
            description="By the position of the event that deleted a file, a chat or an account, or of the one that "
            "says it is done. `not_ready` until it is done and a published checkpoint covers it.",
        )
    )
    async def on_get(self, call: Call, position: str) -> None:
        call.resp.set_header("Access-Control-Allow-Origin", "*")  # Before anything can be refused, as for all of /log.
        number = int(position) if _POSITION.fullmatch(position) else 0
        if not 1 <= number <= MAX_POSITION:
            raise NotFound("No such event.")
        public_log = self.desk.public_log
        with public_log.pieces.one(client_address(call.req, self._trusted)):
            try:
                call.resp.data = await public_log.ask(lambda log: self._receipt(log, number))
            except (NotDone, LogRefused) as error:
                raise _not_ready() from error
        call.resp.content_type = TEXT
        call.resp.set_header("Cache-Control", "no-store")

    on_head = on_get

    def _receipt(self, log: Log, position: int) -> bytes:
        """On the thread that reads the log. NotFound, NotDone, LogRefused."""
        house = self.desk.house
        erasure = find_erasure(log, position)
        require_gone(house, log, erasure)
        published = self.desk.public_log.published()
        signer = open_signer(house.layout, house.server)
        if published is None or published.size < erasure.done.position:
            raise NotDone
        return sign_receipt(erasure, signer, house.settings.backup_horizon_days).encode()


def _not_ready() -> HttpProblem:
    return HttpProblem(
        503, "not_ready", "It is not finished and signed yet. Ask again.", headers={"Retry-After": str(RETRY_S)}
    )
