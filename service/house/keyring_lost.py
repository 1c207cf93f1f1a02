"""A keyring that is not the one of its folder: the log has accounts, and it has none.

As in a folder that was copied or put back without its keyring, which is kept apart. Served from, every account would be
gone and its name free for anybody; swept by, every stored file would be noise, and destroyed. So nothing opens such a
folder, no keyring is made in it, and it lies as it is until the right one is put back.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

from domain import account
from domain.events import AccountEvent, UserRegistered
from eventstore.log import Log
from service.house.facts import fold, to_fact
from service.machine.layout import Layout
from vault.errors import KeyringLost
from vault.keyring import Keyring

PAGE: Final = 1_000


def require_some(layout: Layout) -> None:
    """Before a keyring is opened, or made where there is none. KeyringLost."""
    if not _is_missing(layout) or not layout.events.exists():
        return
    with closing(Log(layout.events)) as log:
        # Looked for once more: the first start of another process may have come in between.
        if _somebody(log) is not None and _is_missing(layout):
            raise KeyringLost


def require_accounts(keyring: Keyring, log: Log) -> None:
    """KeyringLost for one that knows nobody, where the log knows somebody. Costs one look unless it knows nobody."""
    if keyring.account_ids("", 1):
        return
    user = _somebody(log)
    # An account's keys come before its event: one that has just registered is there by now.
    if user is not None and keyring.account(user) is None:
        raise KeyringLost


def _is_missing(layout: Layout) -> bool:
    """SQLite makes an empty file of its own before the first commit."""
    try:
        return layout.keyring.stat().st_size == 0
    except FileNotFoundError:
        return True


def _somebody(log: Log) -> str | None:
    """The first account of the log that is there still."""
    after = 0
    while envelopes := log.read_envelopes(after, PAGE):
        for envelope in envelopes:
            if envelope.type == UserRegistered.__name__ and _is_there(log, envelope.stream):
                return envelope.user
        after = envelopes[-1].position
    return None


def _is_there(log: Log, stream: str) -> bool:
    events = (to_fact(record).event for record in log.read_stream(stream))
    return fold(account.evolve, account.State(), AccountEvent, events).there
