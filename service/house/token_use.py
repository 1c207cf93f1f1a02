"""When a token was last used: for its person to see, no finer than an hour, and once a day in their history."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from domain import token
from domain.events import TokenEvent
from eventstore.errors import VersionConflict
from eventstore.record import Append
from service.house.facts import fold, to_fact, to_records
from service.house.house import House
from service.machine.units import DAY_US, HOUR_US
from vault.keyring_tokens import TokenRow

MAX_TRIES: Final = 3


def due(row: TokenRow, now_us: int) -> bool:
    """Whether this use is to be noted: the first of an hour's, or of a day's by UTC."""
    return row.used_at_us is None or now_us - row.used_at_us >= HOUR_US or _day(row.used_at_us) < _day(now_us)


def note(house: House, row: TokenRow, now_us: int) -> None:
    """`row`: as the use found it. Of all processes that saw the same row, the keyring lets one go on; a crash after
    that leaves the day without its event."""
    if not house.keyring.touch_token(row.token_id, row.used_at_us, now_us):
        return
    if row.used_at_us is None or _day(row.used_at_us) < _day(now_us):
        _tell(house, row)


def _tell(house: House, row: TokenRow) -> None:
    with closing(house.open_log()) as log:
        for _ in range(MAX_TRIES):
            facts = [to_fact(record) for record in log.read_stream(row.stream)]
            state = fold(token.evolve, token.State(), TokenEvent, (fact.event for fact in facts))
            events = token.decide(token.TellUse(), state)
            if not events:
                return  # Revoked in the meantime, or told for ten years.
            try:
                house.writer.append(Append(to_records(row.user_id, row.stream, len(facts), events)))
            except VersionConflict:
                continue
            return


def _day(at_us: int) -> int:
    return at_us // DAY_US
