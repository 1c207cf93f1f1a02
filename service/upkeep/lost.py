"""What is not the sweeper's to destroy: the log says that it is there, and only the keyring has no key for it.

Keys come before their events, and go after the event that says so. So a file that the log has, and neither its deletion
nor the erasure of its account, has a key in the right keyring. Where it has none, the keyring is an older one, whatever
else was compared: the bytes stay for the newer one, or until their owner deletes them.
"""

from __future__ import annotations

from typing import Final

from eventstore.log import Log
from service.house.house import House
from service.house.keyring_lost import is_there
from service.processing.storing import load_file

_SPOOLED: Final = ("processing", "error")


def is_lost(house: House, log: Log, user: str) -> bool:
    """Whether the log has the account, and the keyring has not."""
    return house.keyring.account(user) is None and is_there(log, user)


def wants_blob(log: Log, file_id: str) -> bool:
    """Whether the log has the file, and has said nothing of its end."""
    loaded = load_file(log, file_id)
    return loaded is not None and loaded.state.status != "deleted" and is_there(log, loaded.user)


def wants_spool(log: Log, file_id: str) -> bool:
    """The same of one that is not stored yet: all its bytes are in its spool."""
    loaded = load_file(log, file_id)
    return loaded is not None and loaded.state.status in _SPOOLED and is_there(log, loaded.user)
