"""The composition root: everything a process works with, built once from one frozen settings value."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.log import Log
from eventstore.writer import LogWriter
from projections.queries import Reader
from service.house import keyring_lost
from service.house.errands import Errands
from service.house.lifting import lift_alone
from service.house.rewrapping import Rewraps
from service.house.server_key import keyed_index, open_server_key
from service.machine import locks
from service.machine.config import Settings
from service.machine.given_key import given_server_key
from service.machine.ids import now_us
from service.machine.layout import Layout
from service.machine.meter import SILENT, Meter
from vault.keyring import Keyring
from vault.pending import PendingUploads


class House:
    """One per process. `log` and `reader` belong to the thread that made the house (in the API, the event loop's);
    another thread takes its own with `open_log`."""

    def __init__(
        self,
        settings: Settings,
        clock_us: Callable[[], int] = now_us,
        *,
        older_keyring: bool = False,
        meter: Meter = SILENT,
    ) -> None:
        """KeyringOlder when an older copy of the keyring was put back, KeyringLost when it has none of the accounts
        that the log has. `older_keyring`: that one alone, for who brings an older copy up to the log."""
        self.settings = settings
        self.clock_us = clock_us
        self.meter = meter
        self.layout = Layout(Path(settings.data).absolute())
        self.layout.create()
        keyring_lost.require_some(self.layout)
        lift_alone(self.layout)
        self._presence = locks.share(self.layout.run / "house.lock")
        self.server = open_server_key(self.layout, given_server_key(settings))
        try:
            self.keyring = Keyring(
                self.layout.keyring,
                self.layout.run / "keyring.lock",
                self.server.purpose("check"),
                self.layout.keyring_mark,
                older=older_keyring,
            )
        except BaseException:
            self._presence.release()  # Whoever mends the keyring has to be alone.
            raise
        self.log = Log(self.layout.events)
        try:
            look = keyring_lost.require_somebody if older_keyring else keyring_lost.require_accounts
            look(self.keyring, self.log)
        except BaseException:
            self.log.close()
            self.keyring.close()
            self._presence.release()
            raise
        self.pending = PendingUploads(self.layout.uploads, self.layout.run / "uploads.lock")
        self.writer = LogWriter(self.layout.events, self.layout.run / "log.lock", clock_us, meter.committed)
        self.reader = Reader(self.layout.user_data)
        self.errands = Errands()
        self.rewraps = Rewraps(self.errands, self.keyring.rewrap_streams)

    def open_log(self) -> Log:
        """A read connection for another thread."""
        return Log(self.layout.events)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Inside, True means that no other process has this folder open, and none opens it before the end."""
        alone = locks.upgrade(self._presence)
        try:
            yield alone
        finally:
            locks.downgrade(self._presence)

    def index(self, label: str, text: str) -> bytes:
        """HMAC(index key, label ‖ text): finds a user name, an e-mail or a caller without telling it."""
        return keyed_index(self.server, label, text)

    def close(self) -> None:
        """Writes what was queued, then lets go of everything."""
        self.errands.close()
        self.writer.close()
        self.log.close()
        self.reader.close()
        self.pending.close()
        self.keyring.close()
        self._presence.release()


def normalise_name(text: str) -> str:
    """How user names and e-mail addresses are compared: NFKC, without regard to case or outer space."""
    return unicodedata.normalize("NFKC", text).strip().casefold()
