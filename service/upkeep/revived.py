"""Ways in that an older keyring brought back: sessions and tokens that the log has closed, accounts that it has erased.

Put beside a newer log, a keyring from before has what was destroyed since. Whoever is told of it by the keyring's mark
(vault/keyring_mark.py), or by an account that it lacks (service/house/keyring_lost.py), does not start at all. A copied
folder has no mark, so before anything is served all accounts and ways in are compared with the log, and by every sweep
again some of them. Nothing that is in use is hit: a key whose
closing is in the log is never wanted any more, and one that the log has not heard of yet stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from domain.events import ApiTokenRevoked, PasskeyRemoved, SessionClosed
from eventstore.log import Log
from eventstore.record import Record
from service.accounts.accounts import fold_account
from service.house.facts import to_fact
from service.house.house import House
from service.management.erasing import shut
from vault.keyring_revived import Told

WAYS_PER_SWEEP: Final = 1_000
MAX_TRIES: Final = 5


class Revived:
    """Remembers where the last slice ended."""

    def __init__(self) -> None:
        self._session = ""
        self._token = ""

    def drop_some(self, house: House, log: Log) -> int:
        """How many sessions and tokens of this slice were closed by the log."""
        sessions = house.keyring.session_ids(self._session, WAYS_PER_SWEEP)
        tokens = house.keyring.token_ids(self._token, WAYS_PER_SWEEP)
        self._session = sessions[-1] if len(sessions) == WAYS_PER_SWEEP else ""
        self._token = tokens[-1] if len(tokens) == WAYS_PER_SWEEP else ""
        return _drop_closed(house, log, sessions, tokens)


def drop_all(house: House, log: Log) -> int:
    """All of them, accounts that are to be erased among them, before anything is served; how many. What is left of an
    account is noise then, and the sweeper's."""
    dropped = sum(_drop_closed(house, log, sessions, []) for sessions in pages(house.keyring.session_ids))
    dropped += sum(_drop_closed(house, log, [], tokens) for tokens in pages(house.keyring.token_ids))
    for users in pages(house.keyring.account_ids):
        erasing = [user for user in users if fold_account(log.read_stream(f"account-{user}")).erasing]
        for user in erasing:
            shut(house, user)
        dropped += len(erasing)
    return dropped


def told_of(records: Sequence[Record]) -> Told:
    """What the log says of an account, as the keyring compares it."""
    state = fold_account(records)
    events = (to_fact(record).event for record in records)
    return Told(
        password_changes=state.password_changes,
        codes_issued=state.codes_issued,
        backup_sets=state.backup_sets,
        backup_uses=state.backup_uses,
        totp=state.totp,
        passkeys=state.passkeys,
        removed=frozenset(event.passkey for event in events if isinstance(event, PasskeyRemoved)),
    )


def lagging(house: House, log: Log) -> str | None:
    """The first account of which the log knows more than the keyring; None: it is not an older one, as far as accounts
    tell."""
    for users in pages(house.keyring.account_ids):
        for user in users:
            if lags(house, log, user, log.read_stream(f"account-{user}")):
                return user
    return None


def lags(house: House, log: Log, user: str, records: Sequence[Record]) -> bool:
    """Whether the log knows more of an account that is there than the keyring. `records`: its stream, read before.

    Where the log was told of something meanwhile, it is asked again: what is remembered as removed may be forgotten
    once the log knows, and neither is there then."""
    for _ in range(MAX_TRIES):
        if not fold_account(records).there or not house.keyring.lags(user, told_of(records)):
            return False
        again = log.read_stream(f"account-{user}")
        if len(again) == len(records):
            return True
        records = again
    return False  # Changed without a pause: somebody is served, and the next look tells.


def pages(read: Callable[[str, int], list[str]]) -> Iterator[list[str]]:
    """A list of ids to its end."""
    after = ""
    while ids := read(after, WAYS_PER_SWEEP):
        yield ids
        after = ids[-1]


def _drop_closed(house: House, log: Log, sessions: Sequence[str], tokens: Sequence[str]) -> int:
    closed = [session for session in sessions if is_closed(log.read_stream(f"session-{session}"))]
    revoked = [token for token in tokens if is_closed(log.read_stream(f"token-{token}"))]
    if closed or revoked:
        house.keyring.drop_ways_in(closed, revoked)
    return len(closed) + len(revoked)


def is_closed(records: Sequence[Record]) -> bool:
    """Nothing follows a closing or a revocation."""
    return bool(records) and isinstance(to_fact(records[-1]).event, SessionClosed | ApiTokenRevoked)
