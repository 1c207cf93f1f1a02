"""Whether `keyring.db` is the newest that was ever here: a start on an older one would open what was destroyed."""

from __future__ import annotations

from contextlib import closing

from service.config import Settings
from service.house import House
from service.layout import Layout
from service.revived import drop_all
from vault.errors import KeyringOlder
from vault.keyring_mark import read_mark


def require_keyring(layout: Layout, settings: Settings) -> None:
    """Before a process that serves or works is started by itself. KeyringOlder with the way out. Where no mark tells,
    as in a folder that was copied, ways in that the log has closed go now. A folder without a keyring is a new one."""
    if not layout.keyring.exists():
        if newest := read_mark(layout.keyring_mark):
            raise KeyringOlder(0, newest)
        return
    with closing(House(settings)) as house:
        drop_all(house, house.log)
