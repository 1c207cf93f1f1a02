"""What an older copy of the keyring brings back, and how it is brought up to what the log says.

Keys come before their events, so a keyring never knows less than the log: one that does was put back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, Literal

import apsw
import msgspec

from vault.keyring_store import KeyringStore

VERIFIER_BYTES: Final = 32
Stale = Literal["password", "recovery_code", "second_factor"]


class Told(msgspec.Struct, frozen=True):
    """What the log says of an account: what was set how often, and which factors there are. `passkeys`: ids, and
    whether each opens."""

    password_changes: int
    codes_issued: int
    backup_sets: int
    backup_uses: int
    totp: bool
    passkeys: frozenset[tuple[str, bool]]

    @property
    def guarded(self) -> bool:
        """Whether the password alone must not sign in."""
        return self.totp or any(not opens for _, opens in self.passkeys)


class RevivedKeyring(KeyringStore):
    def account_ids(self, after: str, limit: int) -> list[str]:
        rows = self._reader.execute(
            "SELECT user_id FROM account WHERE user_id > ? ORDER BY user_id LIMIT ?", (after, limit)
        )
        return [user_id for (user_id,) in rows]

    def session_ids(self, after: str, limit: int) -> list[str]:
        rows = self._reader.execute(
            "SELECT session_id FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?", (after, limit)
        )
        return [session_id for (session_id,) in rows]

    def token_ids(self, after: str, limit: int) -> list[str]:
        rows = self._reader.execute(
            "SELECT token_id FROM api_token WHERE token_id > ? ORDER BY token_id LIMIT ?", (after, limit)
        )
        return [token_id for (token_id,) in rows]

    def drop_ways_in(self, session_ids: Sequence[str], token_ids: Sequence[str]) -> None:
        """They open nothing any more."""
        with self._transaction() as write:
            for session_id in session_ids:
                write.execute("DELETE FROM session WHERE session_id = ?", (session_id,))
            for token_id in token_ids:
                write.execute("DELETE FROM api_token WHERE token_id = ?", (token_id,))

    def stale(self, user_id: str, told: Told) -> frozenset[Stale]:
        """What the log says has been replaced since this keyring was written: the password, the recovery code; or that
        a second factor was set, and none is here. Empty for an account that is not here."""
        return _stale(self._reader, user_id, told)

    def settle(self, user_id: str, told: Told, *, keep: bool) -> frozenset[Stale]:
        """Brings an account of an older keyring up to the log, in one transaction, and gives back what was stale.

        What is stale opens nothing any more, unless `keep`: the account's own wraps under it are destroyed. Factors and
        back-up codes that the log has not, or has used, go in any case. The counts are the log's from here on."""
        with self._transaction() as write:
            stale = _stale(write, user_id, told)
            if not keep:
                _shut_stale(write, user_id, stale)
            _drop_old_factors(write, user_id, told)
            write.execute(
                "UPDATE account SET password_changes = max(password_changes, ?1), codes_issued = max(codes_issued, ?2),"
                " backup_sets = max(backup_sets, ?3), backup_uses = max(backup_uses, ?4) WHERE user_id = ?5 AND"
                " (password_changes < ?1 OR codes_issued < ?2 OR backup_sets < ?3 OR backup_uses < ?4)",
                (told.password_changes, told.codes_issued, told.backup_sets, told.backup_uses, user_id),
            )
            return stale


def _stale(connection: apsw.Connection, user_id: str, told: Told) -> frozenset[Stale]:
    row = connection.execute(
        "SELECT password_changes < ?, codes_issued < ?,"
        " NOT EXISTS (SELECT 1 FROM totp WHERE totp.user_id = account.user_id AND confirmed) AND"
        " NOT EXISTS (SELECT 1 FROM passkey WHERE passkey.user_id = account.user_id AND user_by_prf IS NULL)"
        " FROM account WHERE user_id = ?",
        (told.password_changes, told.codes_issued, user_id),
    ).fetchone()
    if row is None:
        return frozenset()
    password, code, unguarded = (bool(value) for value in row)
    found: tuple[tuple[Stale, bool], ...] = (
        ("password", password),
        ("recovery_code", code),
        ("second_factor", unguarded and told.guarded),
    )
    return frozenset(name for name, holds in found if holds)


def _shut_stale(write: apsw.Connection, user_id: str, stale: frozenset[Stale]) -> None:
    """A random verifier is met by no password and no code; the answer stays that of a wrong one."""
    if stale & {"password", "second_factor"}:
        write.execute(
            "UPDATE account SET password_verifier = ?, user_by_password = x'' WHERE user_id = ?",
            (os.urandom(VERIFIER_BYTES), user_id),
        )
    if "recovery_code" in stale:
        write.execute(
            "UPDATE account SET recovery_verifier = ?, user_by_recovery = x'' WHERE user_id = ?",
            (os.urandom(VERIFIER_BYTES), user_id),
        )


def _drop_old_factors(write: apsw.Connection, user_id: str, told: Told) -> None:
    if not told.totp:
        write.execute("DELETE FROM totp WHERE user_id = ?", (user_id,))
    write.execute(
        "DELETE FROM passkey WHERE user_id = ? AND passkey_id NOT IN (SELECT value FROM json_each(?))",
        (user_id, msgspec.json.encode([passkey for passkey, _ in told.passkeys]).decode()),
    )
    write.execute(
        "DELETE FROM backup_code WHERE user_id = ?1 AND EXISTS (SELECT 1 FROM account WHERE user_id = ?1"
        " AND (backup_sets < ?2 OR backup_uses < ?3))",
        (user_id, told.backup_sets, told.backup_uses),
    )
