"""The keyring beside the log: who is missing in it, what it lacks of those who are there, and what it brought back.

The log counts as far as it went before the keyring was copied, and a keyring never knows less than the log: so nothing
that goes on meanwhile is taken for a difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Final

from eventstore.log import Log
from eventstore.record import Record
from service.accounts.accounts import fold_account
from service.doctor.finding import Hint, Unwell
from service.doctor.folder import require
from service.house.keyring_lost import lost_accounts
from service.machine.ids import now_us
from service.machine.layout import Layout
from service.upkeep.revived import is_closed, pages, told_of
from vault.keyring_backup import KeyringCopy, snapshot, telling_damage

MOST: Final = 20_000
"""Of accounts, of sessions and of tokens."""
SETTLE_US: Final = 60_000_000
_ACCEPT: Final = "put the newer keyring.db back; if it is lost, `strongroom keyring accept`"


def accounts(layout: Layout) -> str | Hint:
    """Whether the keyring is as new as the log, whatever its mark says."""
    require(layout.events)
    require(layout.keyring)
    with closing(Log(layout.events)) as log:
        head = log.head()
        with telling_damage(), snapshot(layout.keyring) as held:
            copied = held.in_memory()
        with copied as keys:
            if keys.outdated:
                return Hint("not compared with the log: an older version of the keyring", "the next start lifts it")
            return _compare(keys, log, head)


def _compare(keys: KeyringCopy, log: Log, head: int) -> str:
    lost = [user for user in lost_accounts(keys, log) if _read(log, "account", user)[0].position <= head]
    if lost:
        way = f"{_ACCEPT}, which tells what becomes of them"
        raise Unwell(f"{len(lost)} accounts of the log are not in the keyring, {lost[0]} among them: an older one", way)
    users = list(itertools.islice(_ids(keys.account_ids), MOST + 1))
    behind = revived = 0
    for user in users[:MOST]:
        records = _read(log, "account", user)
        state = fold_account(records)
        behind += state.there and _is_settled(records, head) and keys.lags(user, told_of(records))
        revived += state.erasing and _is_settled(records, head)
    if behind:
        raise Unwell(f"the keyring knows less than the log of {behind} accounts: it is an older one", _ACCEPT)
    for kind, read in (("session", keys.session_ids), ("token", keys.token_ids)):
        opened = (_read(log, kind, one) for one in itertools.islice(_ids(read), MOST))
        revived += sum(is_closed(records) and _is_settled(records, head) for records in opened)
    if revived:
        way = "start Strongroom anew: nothing is served before they are gone again"
        raise Unwell(f"{revived} accounts, sessions and tokens are in the keyring that the log has closed", way)
    said = "the keyring is as new as the log"
    return said if len(users) <= MOST else f"{said} by {MOST} accounts; the others were not looked at"


def _is_settled(records: Sequence[Record], head: int) -> bool:
    """Whether the stream was the same when the keyring was copied, and for long enough: of a session that ends by
    itself, and of an account that is erased, the log hears a moment before the keys go."""
    newest = records[-1]
    return newest.position <= head and newest.envelope.at_us < now_us() - SETTLE_US


def _read(log: Log, kind: str, subject: str) -> list[Record]:
    return log.read_stream(f"{kind}-{subject}")


def _ids(read: Callable[[str, int], list[str]]) -> Iterator[str]:
    for ids in pages(read):
        yield from ids
