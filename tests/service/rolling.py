"""A folder whose keyring is put back as it was before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.events import PasskeyAdded
from eventstore.record import Append
from service.house.facts import to_records
from service.house.house import House
from tests.builders import Person
from vault.keyring_passkeys import PasskeyRow


@dataclass(slots=True)
class Rolled:
    """A house whose keyring is put back."""

    house: House
    copy: Path
    _closed: bool = False

    def put_back(self, *, mark: bool = True) -> None:
        """Closes the house, and puts the copy where the keyring was. `mark`: whether the folder still tells."""
        if not self._closed:
            self.house.close()
        self._closed = True
        shutil.copyfile(self.copy, self.house.layout.keyring)
        if not mark:
            self.house.layout.keyring_mark.unlink(missing_ok=True)

    @contextmanager
    def reopened(self, *, older: bool = False) -> Iterator[House]:
        with closing(House(self.house.settings, older_keyring=older)) as house:
            yield house


def copy_keyring(rolled: Rolled) -> None:
    shutil.copyfile(rolled.house.layout.keyring, rolled.copy)


def add_passkey(house: House, person: Person, passkey: str) -> None:
    """A second factor, as its owner adds one, and the log is told."""
    row = PasskeyRow(passkey, person.user, passkey.encode(), b"", 0, b"", None, 1)
    with house.keyring._transaction() as write:
        write.execute(
            "INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.passkey_id, row.user_id, row.credential_id, b"", 0, b"", None, 1, None),
        )
    tell(house, person, PasskeyAdded(passkey=passkey, opens=False))


def tell(house: House, person: Person, event: PasskeyAdded) -> None:
    stream = f"account-{person.user}"
    version = len(house.log.read_stream(stream))
    house.writer.append(Append(to_records(person.user, stream, version, (event,))))


def remove_passkey(house: House, person: Person, passkey: str) -> None:
    """The keyring alone, as if the process had died right after it."""
    row = house.keyring.account(person.user)
    assert row is not None
    assert house.keyring.remove_passkey(person.user, passkey, row.password_verifier)
