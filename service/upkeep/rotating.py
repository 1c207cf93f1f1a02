"""Another server key: everything that lies under the old one is made anew, and the old one is destroyed.

What is made anew: the wraps of subject keys, spool keys and finding keys, the indices of names and addresses, the seal
of the key that signs the log, the keyring's own mark. What cannot be: what passwords and recovery codes were stretched
to, which the pepper is part of. So the first server key's pepper is kept, sealed under the new key, and stays.

    1. `log/signing-key.new`, under the new key                 a crash leaves: the old key, and two drafts
    2. `server.key.new` (not where the key comes from outside)  the same
    3. keyring and uploads, in one commit                       the new key: whoever starts goes on from here
    4. signing keys of earlier logs, which sign nothing more    those that were left are lost, and nobody needs them
    5. `log/signing-key.new` gets its name                      the same as 3
    6. the old key is overwritten                               the new key, under its first name
    7. `server.key.new` gets its name                           nothing
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from service.accounts.accounts import fold_account, index_of, read_identity
from service.house.house import House
from service.house.log_key import require_whole_folder, reseal_signer
from service.house.server_key import require_replaceable, seal_pepper, take_new_key, take_new_signing_key
from service.machine.layout import SERVER_KEY_BYTES, replace_file
from service.management.emails import tell_owed
from service.upkeep.older_schemas import drop_all_older_schemas
from vault.errors import SealBroken
from vault.kdf import ServerKey
from vault.keyring_mark import raise_mark
from vault.keyring_rotating import AccountWraps, Rewrapped, Rewrapping, ServerRow, rewrap
from vault.keys import unwrap_for_server, wrap_for_server

PAGE: Final = 500


class RotationRefused(RuntimeError):
    """Nothing was changed, and why: one line that says the way out."""


def rotate(house: House, given: bytes | None) -> Rewrapped:
    """`given`: the new key where it comes from outside; None: one is drawn, for `server.key`. The house is to be closed
    after it: it has the old key still. RotationRefused, LogRefused, VaultError, LogError, OSError."""
    with house.alone() as alone:
        if not alone:
            raise RotationRefused("Strongroom is running on this folder: stop it first")
        require_whole_folder(house.layout)
        key = os.urandom(SERVER_KEY_BYTES) if given is None else given
        if ServerKey(key).purpose("check") == house.server.purpose("check"):
            raise RotationRefused("the new server key is the old one: draw another")
        if given is None:
            _require_replaceable(house)
        return _Rotation(house, key, drawn=given is None).carry_out()


def _require_replaceable(house: House) -> None:
    try:
        require_replaceable(house.layout)
    except OSError as error:
        raise RotationRefused(
            f"server.key cannot be overwritten ({error.strerror}): it has to be a plain file that this user may write."
            " Put it there, or set STRONGROOM_SERVER_KEY and give --new-key"
        ) from None


class _Rotation:
    def __init__(self, house: House, key: bytes, *, drawn: bool) -> None:
        self._house = house
        self._layout = house.layout
        self._key = key
        self._drawn = drawn
        self._old = house.server
        self._new = ServerKey(key)

    def carry_out(self) -> Rewrapped:
        self._tell_log()
        self.draft()
        done = self.commit()
        self.settle()
        drop_all_older_schemas(self._layout)
        return done

    def draft(self) -> None:
        """Steps 1 and 2."""
        if self._layout.signing_key.exists():
            try:
                reseal_signer(self._layout.signing_key, self._layout.new_signing_key, self._old, self._new)
            except SealBroken:
                raise RotationRefused(
                    "log/signing-key does not open under the old server key: put the right one back, or begin a new log"
                    " with `strongroom log begin-anew` first"
                ) from None
        if self._drawn:
            replace_file(self._layout.new_server_key, self._key)

    def commit(self) -> Rewrapped:
        """Step 3."""
        pepper = seal_pepper(self._new, self._old.purpose("pepper"))
        server = ServerRow(self._new.purpose("check"), pepper)
        done = rewrap(self._layout.keyring, self._layout.uploads, Rewrapping(self._account, self._upload, server))
        raise_mark(self._layout.keyring_mark, done.generation)
        return done

    def settle(self) -> None:
        """Steps 4 to 7."""
        for path in self._layout.log.glob("retired-*/signing-key"):
            with suppress(SealBroken):
                reseal_signer(path, path, self._old, self._new)
        if self._drawn:
            try:
                take_new_key(self._layout)
            except OSError as error:
                raise RuntimeError(
                    "everything is under the new server key, which lies in server.key.new and is used from there: the"
                    f" old one could not be overwritten ({error.strerror}). Remove server.key, and start Strongroom"
                ) from error
        else:
            take_new_signing_key(self._layout, self._new)

    # -- what is made anew ---------------------------------------------------------------------------------------

    def _tell_log(self) -> None:
        """What the log was not told yet of addresses: then it knows all names, and nobody else has to be asked."""
        after = ""
        while marks := self._house.keyring.accounts(after, PAGE):
            for mark in marks:
                if mark.identity_by_subject is not None:
                    tell_owed(self._house, self._house.log, mark.user_id)
            after = marks[-1].user_id

    def _account(self, user: str, wrapped: bytes) -> AccountWraps:
        stream = f"account-{user}"
        try:
            subject = unwrap_for_server(self._old.purpose("subject"), wrapped, user, stream, "subject")
            records = self._house.log.read_stream(stream)
            if fold_account(records).registered:
                identity = read_identity(records, subject)
                name, email = index_of(self._new, identity.username), index_of(self._new, identity.email)
            else:
                name, email = os.urandom(32), os.urandom(32)  # Cut off while it registered: nobody was told of it.
        except SealBroken:
            raise RotationRefused(
                f"the name of account {user} does not open: under a new server key nobody could find it. Its row in the"
                " keyring is damaged: put a sound copy of the keyring back first"
            ) from None
        return AccountWraps(
            name, email, wrap_for_server(self._new.purpose("subject"), subject, user, stream, "subject")
        )

    def _upload(self, file_id: str, user: str, wrapped: bytes, purpose: str) -> bytes:
        """One that does not open is no worse under another key: it stays as it is."""
        stream = f"file-{file_id}"
        try:
            key = unwrap_for_server(self._old.purpose("spool"), wrapped, user, stream, purpose)
        except SealBroken:
            return wrapped
        return wrap_for_server(self._new.purpose("spool"), key, user, stream, purpose)
