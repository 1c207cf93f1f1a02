"""Whether `keyring.db` is the newest that was ever here: a start on an older one would open what was destroyed."""

from __future__ import annotations

from contextlib import closing

from service.house.house import House
from service.house.keyring_lost import lost_accounts, require_some
from service.machine.config import Settings
from service.machine.layout import Layout
from service.upkeep.revived import drop_all, lagging
from vault.errors import KeyringOlder
from vault.keyring_mark import read_mark


def require_keyring(layout: Layout, settings: Settings) -> None:
    """Before a process that serves or works is started by itself. KeyringOlder, KeyringLost with the way out. A folder
    without a keyring is a new one, unless its log has accounts.

    The mark may be missing, as in a folder that was copied, or lag behind after a power cut, or have been put back with
    the keyring. So accounts are compared with the log, too, each of either: served from an older keyring, one would do
    without the factors that were set since, and the log would be told that they were removed; and who registered since
    would be nobody. Ways in that the log has closed go now."""
    require_some(layout)
    newest = read_mark(layout.keyring_mark)
    if not layout.keyring.exists():
        if newest:
            raise KeyringOlder(0, newest)
        return
    with closing(House(settings)) as house:
        for user in lost_accounts(house.keyring, house.log):
            raise KeyringOlder(house.keyring.generation(), newest, lacks=user)
        if lagging(house, house.log) is not None:
            raise KeyringOlder(house.keyring.generation(), newest)
        drop_all(house, house.log)
