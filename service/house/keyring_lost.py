"""A keyring that is not the one of its folder: the log has accounts that it has not.

It may have none of them, as in a folder that was copied or put back without its keyring, which is kept apart; or lack
only those that came after it, as an older copy does. Served from, such an account would be gone and its name free for
anybody; swept by, each of its stored files would be noise, and destroyed. So nothing opens such a folder, no keyring is
made in it, and it lies as it is until the right one is put back, or this one is accepted for what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import structlog

from domain import account
from domain.events import AccountEvent, UserRegistered
from eventstore.log import Log
from service.house.facts import fold, to_fact
from service.machine.layout import Layout
from vault.errors import KeyringLost, KeyringOlder
from vault.keyring import Keyring
from vault.keyring_backup import KeyringCopy

PAGE: Final = 1_000
PROGRESS: Final = 100_000  # Accounts after which a start says that it is not standing still.
_log = structlog.get_logger("keyring")


def require_some(layout: Layout) -> None:
    """Before a keyring is opened, or made where there is none. KeyringLost."""
    if not _is_missing(layout) or not layout.events.exists():
        return
    with closing(Log(layout.events)) as log:
        # Looked for once more: the first start of another process may have come in between.
        somebody = any(is_there(log, user) for users in _registered(log) for user in users)
        if somebody and _is_missing(layout):
            raise KeyringLost


def require_accounts(keyring: Keyring, log: Log) -> None:
    """KeyringLost for one that knows nobody, KeyringOlder for one that lacks somebody, where the log knows them.

    While the mark says that this is the newest there was, that costs one look. Else, after a power cut, or in a folder
    that was copied or had its mark taken away, every account of the log is looked for, and the mark tells from then on.
    """
    require_somebody(keyring, log)
    if keyring.is_newest():
        return
    for user in lost_accounts(keyring, log):
        raise KeyringOlder(keyring.generation(), 0, lacks=user)
    keyring.confirm_newest()


def require_somebody(keyring: Keyring, log: Log) -> None:
    """KeyringLost for one that knows nobody, where the log knows somebody. Costs one look unless it knows nobody."""
    if not keyring.account_ids("", 1) and next(lost_accounts(keyring, log), None) is not None:
        raise KeyringLost


def lost_accounts(keyring: Keyring | KeyringCopy, log: Log) -> Iterator[str]:
    """Users of the log that are there and that the keyring has not, in order of id.

    Nothing that is under way is among them: an account's keys come before its event, and it is in the log that it is to
    be erased before they go."""
    looked = 0
    for users in _registered(log):
        for user in keyring.absent_accounts(users):  # After the log, which knew them already.
            if is_there(log, user):
                yield user
        looked += len(users)
        if looked % PROGRESS == 0:
            _log.info("comparing the keyring with the log", accounts=looked)


def is_there(log: Log, user: str) -> bool:
    """Whether the log has the account, and not that it is to be erased."""
    events = (to_fact(record).event for record in log.read_stream(f"account-{user}"))
    return fold(account.evolve, account.State(), AccountEvent, events).there


def _registered(log: Log) -> Iterator[list[str]]:
    """Everybody that ever was, PAGE at a time."""
    after = ""
    while envelopes := log.read_first("account", after, PAGE):
        yield [envelope.user for envelope in envelopes if envelope.type == UserRegistered.__name__]
        after = envelopes[-1].stream


def _is_missing(layout: Layout) -> bool:
    """SQLite makes an empty file of its own before the first commit."""
    try:
        return layout.keyring.stat().st_size == 0
    except FileNotFoundError:
        return True
