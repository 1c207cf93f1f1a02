"""Telling the log of tokens whose keys are gone. By whoever took the keys, or the sweeper."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from domain import token
from domain.events import RevokeReason, TokenEvent
from eventstore.log import Log
from eventstore.record import Append, NewRecord
from service.desk import Desk, decided
from service.facts import fold, to_fact, to_records

REVOKED_AT_ONCE: Final = 100


async def say_revoked(desk: Desk, token_ids: Sequence[str], reason: RevokeReason) -> None:
    """ApiTokenRevoked of each; some at a time. What a crash leaves is told by the sweeper."""
    for start in range(0, len(token_ids), REVOKED_AT_ONCE):
        batch = token_ids[start : start + REVOKED_AT_ONCE]
        await decided(functools.partial(_say, desk, batch, reason))


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
