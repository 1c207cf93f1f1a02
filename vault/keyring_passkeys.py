"""The keyring's passkeys, and the challenges that were answered.

An answer is spent in the transaction that finds it unspent and that does what it was asked for: of two that bring it at
once, one has brought it, and a crash spends none for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import apsw
import msgspec

from vault.errors import ChallengeSpent, CredentialsReplaced, PasskeyKnown, PasskeyRefused, PasskeysFull
from vault.keyring_accounts import INSERT_SESSION, SessionKeyRow, note_removed, require_account, require_password
from vault.keyring_store import KeyringStore
from vault.keyring_totp import drop_idle_backup_codes, has_second_factor, set_backup_codes

PASSKEYS_MAX: Final = 20
_COLUMNS: Final = (
    "passkey_id, user_id, credential_id, public_key, sign_count, name_by_user, user_by_prf, created_at_us, used_at_us"
)


class PasskeyRow(msgspec.Struct, frozen=True):
    """One credential. `public_key`: COSE_Key, RFC 9052 §7. `user_by_prf`: the user key under the PRF's output; None: it
    opens nothing by itself."""

    passkey_id: str
    user_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name_by_user: bytes
    user_by_prf: bytes | None
    created_at_us: int
    used_at_us: int | None = None

    @property
    def opens(self) -> bool:
        return self.user_by_prf is not None


class Spent(msgspec.Struct, frozen=True):
    """A challenge that was answered. After its expiry nobody takes it any more, remembered or not."""

    tag: bytes
    expires_at_us: int


class PasskeyUse(msgspec.Struct, frozen=True):
    """An assertion whose signature held: of which passkey, by which counter, to which challenge, when."""

    passkey_id: str
    user_id: str
    sign_count: int
    spent: Spent
    at_us: int


class PasskeyKeyring(KeyringStore):
    def passkeys(self, user_id: str) -> list[PasskeyRow]:
        """The oldest first; there are at most PASSKEYS_MAX."""
        rows = self._reader.execute(
            f"SELECT {_COLUMNS} FROM passkey WHERE user_id = ? ORDER BY created_at_us, passkey_id",  # noqa: S608  (a constant)
            (user_id,),
        )
        return [PasskeyRow(*row) for row in rows]

    def find_passkey(self, credential_id: bytes) -> PasskeyRow | None:
        """Whosever it is."""
        row = self._reader.execute(
            f"SELECT {_COLUMNS} FROM passkey WHERE credential_id = ?",  # noqa: S608  (a constant)
            (credential_id,),
        ).fetchone()
        return None if row is None else PasskeyRow(*row)

    def add_passkey(
        self, row: PasskeyRow, verifier: bytes, session_id: str, spent: Spent, tags: Sequence[bytes]
    ) -> bool:
        """True if it is the account's first second factor: `tags` are those of its back-up codes then.

        PasskeyKnown, PasskeysFull, ChallengeSpent; CredentialsReplaced if the password was changed since it was shown
        (`verifier`), or the session has ended; AccountGone."""
        with self._transaction() as write:
            require_password(write, row.user_id, verifier)
            held = "SELECT 1 FROM session WHERE session_id = ? AND user_id = ?"
            if write.execute(held, (session_id, row.user_id)).fetchone() is None:
                raise CredentialsReplaced
            _spend(write, spent)
            if write.execute("SELECT 1 FROM passkey WHERE credential_id = ?", (row.credential_id,)).fetchone():
                raise PasskeyKnown
            count = write.execute("SELECT count(*) FROM passkey WHERE user_id = ?", (row.user_id,)).fetchone()
            if count is not None and count[0] >= PASSKEYS_MAX:
                raise PasskeysFull
            first = not row.opens and not has_second_factor(write, row.user_id)
            write.execute("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(row))
            if first:
                set_backup_codes(write, row.user_id, tags)
            return first

    def remove_passkey(self, user_id: str, passkey_id: str, verifier: bytes) -> bool:
        """False if there is none. The last second factor takes the back-up codes along.

        `verifier`: of the password that was shown. CredentialsReplaced, AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            write.execute("DELETE FROM passkey WHERE passkey_id = ? AND user_id = ?", (passkey_id, user_id))
            removed = write.changes() > 0
            note_removed(write, user_id, [passkey_id] * removed)
            drop_idle_backup_codes(write, user_id)
            return removed

    def removed_passkeys(self, user_id: str) -> frozenset[str]:
        """Ids of those that were removed, and of which nobody has seen yet that the log knows it."""
        rows = self._reader.execute("SELECT passkey_id FROM passkey_removed WHERE user_id = ?", (user_id,))
        return frozenset(str(passkey) for (passkey,) in rows)

    def drop_removed(self, user_id: str, passkeys: Iterable[str]) -> None:
        """By who has seen that the log knows of these removals, or never heard of the passkeys."""
        with self._transaction() as write:
            one = "DELETE FROM passkey_removed WHERE passkey_id = ? AND user_id = ?"
            write.executemany(one, [(passkey, user_id) for passkey in passkeys])

    def use_passkey(self, use: PasskeyUse) -> None:
        """ChallengeSpent; PasskeyRefused if it is gone, or its counter says that there are two of it; AccountGone."""
        with self._transaction() as write:
            _use(write, use)

    def open_by_passkey(self, use: PasskeyUse, session: SessionKeyRow) -> bool:
        """A session for it. False if that session is there already, and then nothing is touched: the same request, once
        more or still under way. As `use_passkey` in all that is refused."""
        with self._transaction() as write:
            same = "SELECT 1 FROM session WHERE session_id = ? AND token_hash = ?"
            if write.execute(same, (session.session_id, session.token_hash)).fetchone():
                return False
            _use(write, use)
            write.execute(INSERT_SESSION, msgspec.structs.astuple(session))
            return True

    def drop_spent(self, before_us: int) -> int:
        """Challenges that expired before a time."""
        if self._reader.execute("SELECT 1 FROM spent WHERE expires_at_us < ? LIMIT 1", (before_us,)).fetchone() is None:
            return 0
        with self._transaction() as write:
            write.execute("DELETE FROM spent WHERE expires_at_us < ?", (before_us,))
            return write.changes()


def _spend(write: apsw.Connection, spent: Spent) -> None:
    write.execute("INSERT INTO spent VALUES (?, ?) ON CONFLICT DO NOTHING", (spent.tag, spent.expires_at_us))
    if write.changes() == 0:
        raise ChallengeSpent


def _use(write: apsw.Connection, use: PasskeyUse) -> None:
    """A counter has to grow, unless the authenticator counts nothing: WebAuthn Level 3, §7.2 step 22."""
    require_account(write, use.user_id)
    _spend(write, use.spent)
    write.execute(
        "UPDATE passkey SET sign_count = ?1, used_at_us = ?2 WHERE passkey_id = ?3 AND user_id = ?4"
        " AND (?1 > sign_count OR (?1 = 0 AND sign_count = 0))",
        (use.sign_count, use.at_us, use.passkey_id, use.user_id),
    )
    if write.changes() == 0:
        raise PasskeyRefused
