"""Tokens whose keys are gone: their unfinished uploads go, too, and the log is told. By whoever took the keys, or the
sweeper, which comes by whenever the log was not told."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from domain import token
from domain.events import RevokeReason, TokenEvent
from eventstore.log import Log
from eventstore.record import Append, NewRecord
from service.desk.desk import Desk, decided
from service.house.facts import fold, to_fact, to_records
from service.house.house import House
from service.uploads.pending import end_of_token

REVOKED_AT_ONCE: Final = 100


async def say_revoked(desk: Desk, token_ids: Sequence[str], reason: RevokeReason) -> None:
    """Ends what they had under way; then ApiTokenRevoked of each, some at a time. What a crash leaves is done by the
    sweeper."""
    for start in range(0, len(token_ids), REVOKED_AT_ONCE):
        batch = token_ids[start : start + REVOKED_AT_ONCE]
        await desk.aside(functools.partial(_end_all, desk.house, batch))
        await decided(functools.partial(_say, desk, batch, reason))


def _end_all(house: House, token_ids: Sequence[str]) -> None:
    for token_id in token_ids:
        end_of_token(house, token_id)


async def _say(desk: Desk, token_ids: Sequence[str], reason: RevokeReason) -> None:
    log = desk.house.log
    records = tuple(record for each in token_ids for record in revoke_records(log, each, reason))
    if records:
        await desk.append(Append(records))


def revoke_records(log: Log, token_id: str, reason: RevokeReason) -> tuple[NewRecord, ...]:
    """Empty when it is revoked already, or has no event yet: its issuing is being refused, or was cut off."""
    facts = [to_fact(record) for record in log.read_stream(f"token-{token_id}")]
    if not facts:
        return ()
    state = fold(token.evolve, token.State(), TokenEvent, (fact.event for fact in facts))
    events = token.decide(token.RevokeToken(reason), state)
    return to_records(facts[0].user, f"token-{token_id}", len(facts), events)


def token_state(log: Log, token_id: str) -> token.State:
    facts = (to_fact(record) for record in log.read_stream(f"token-{token_id}"))
    return fold(token.evolve, token.State(), TokenEvent, (fact.event for fact in facts))
