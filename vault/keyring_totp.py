"""The keyring's TOTP secrets and back-up codes.

A code is used up in the transaction that finds it unused: of two that bring it at once, one has brought it. What rests
on a code and changes keys as well is one transaction with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, assert_never

import apsw
import msgspec

from vault.errors import CodeSpent, CredentialsReplaced, FactorSet, FactorUnset
from vault.keyring_accounts import require_account, require_password
from vault.keyring_store import KeyringStore

OFFER_US: Final = 15 * 60_000_000
"""So long a secret that was shown may be confirmed: whoever finds a session later must not find it waiting."""
NEVER_US: Final = 2**62


class TotpRow(msgspec.Struct, frozen=True):
    """`last_step`: the newest time step that was used. Unconfirmed, it was shown and asks for nothing."""

    secret_by_user: bytes
    confirmed: bool
    last_step: int


class TotpStep(msgspec.Struct, frozen=True):
    """The code of a time step, under the secret that lies in the keyring as `secret_by_user`."""

    secret_by_user: bytes
    step: int


class BackupTag(msgspec.Struct, frozen=True):
    tag: bytes


UsedCode = TotpStep | BackupTag


class TotpKeyring(KeyringStore):
    def totp(self, user_id: str) -> TotpRow | None:
        row = self._reader.execute(
            "SELECT secret_by_user, confirmed, last_step FROM totp WHERE user_id = ?", (user_id,)
        ).fetchone()
        return None if row is None else TotpRow(row[0], bool(row[1]), row[2])

    def backup_tags(self, user_id: str) -> frozenset[bytes]:
        """Of the codes that are left."""
        rows = self._reader.execute("SELECT tag FROM backup_code WHERE user_id = ?", (user_id,))
        return frozenset(tag for (tag,) in rows)

    def offer_totp(self, user_id: str, verifier: bytes, secret_by_user: bytes, now_us: int) -> None:
        """A secret to be confirmed, in place of the one before. FactorSet if that is confirmed.

        `verifier`: of the password that was shown. CredentialsReplaced, AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            write.execute(
                "INSERT INTO totp VALUES (?1, ?2, 0, 0, ?3) ON CONFLICT (user_id) DO UPDATE"
                " SET secret_by_user = ?2, last_step = 0, created_at_us = ?3 WHERE NOT confirmed",
                (user_id, secret_by_user, now_us),
            )
            if write.changes() == 0:
                raise FactorSet

    def drop_totp_offers(self, now_us: int) -> int:
        """Secrets that were shown and not confirmed in time; how many."""
        before_us = now_us - OFFER_US
        offered = "FROM totp WHERE NOT confirmed AND created_at_us < ?"
        if self._reader.execute(f"SELECT 1 {offered} LIMIT 1", (before_us,)).fetchone() is None:
            return 0
        with self._transaction() as write:
            write.execute(f"DELETE {offered}", (before_us,))
            return write.changes()

    def confirm_totp(self, user_id: str, session_id: str, used: TotpStep, tags: Sequence[bytes]) -> None:
        """From here on it is asked for; its first code is used up, and these are the back-up codes.

        FactorSet unless that very secret waits to be confirmed; CredentialsReplaced if the session has ended;
        AccountGone."""
        with self._transaction() as write:
            require_account(write, user_id)
            held = write.execute("SELECT 1 FROM session WHERE session_id = ? AND user_id = ?", (session_id, user_id))
            if held.fetchone() is None:
                raise CredentialsReplaced
            write.execute(
                "UPDATE totp SET confirmed = 1, last_step = ?"
                " WHERE user_id = ? AND secret_by_user = ? AND NOT confirmed",
                (used.step, user_id, used.secret_by_user),
            )
            if write.changes() == 0:
                raise FactorSet
            set_backup_codes(write, user_id, tags)

    def spend_code(self, user_id: str, used: UsedCode) -> None:
        """CodeSpent if it was used before. AccountGone."""
        with self._transaction() as write:
            require_account(write, user_id)
            _spend(write, user_id, used)

    def remove_totp(self, user_id: str, verifier: bytes, used: UsedCode) -> None:
        """It is asked for no more. The last second factor takes the back-up codes along.

        `verifier`: of the password that was shown. CredentialsReplaced, AccountGone, CodeSpent: nothing was changed."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            _spend(write, user_id, used)
            write.execute("DELETE FROM totp WHERE user_id = ? AND confirmed", (user_id,))
            drop_idle_backup_codes(write, user_id)

    def replace_backup_codes(self, user_id: str, verifier: bytes, tags: Sequence[bytes]) -> None:
        """Those of before are void. The same once more changes nothing, and brings none back that was used or replaced:
        under an Idempotency-Key a second copy has the same codes.

        `verifier`: of the password that was shown. CredentialsReplaced, also if they were set before and none of them
        is left; AccountGone; FactorUnset if they would stand in for nothing."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            if not has_second_factor(write, user_id):
                raise FactorUnset
            held = {tag for (tag,) in write.execute("SELECT tag FROM backup_code WHERE user_id = ?", (user_id,))}
            if held and held <= set(tags):
                return
            # Of a set of which all were used no code is left to tell: so each set that is asked for is remembered.
            write.execute("INSERT INTO spent VALUES (?, ?) ON CONFLICT DO NOTHING", (_name_of(tags), NEVER_US))
            if write.changes() == 0:
                raise CredentialsReplaced
            set_backup_codes(write, user_id, tags)


def _name_of(tags: Sequence[bytes]) -> bytes:
    """Of a set of back-up codes. The tags are HMACs under a key of one account, so it is that account's alone, and once
    that is erased it is noise."""
    return hashlib.sha256(b"backup codes" + b"".join(sorted(set(tags)))).digest()


def set_backup_codes(write: apsw.Connection, user_id: str, tags: Sequence[bytes]) -> None:
    """For whoever sets a second factor, inside the same transaction: without the codes, who loses the device has lost
    the account."""
    write.execute("DELETE FROM backup_code WHERE user_id = ?", (user_id,))
    write.executemany("INSERT INTO backup_code VALUES (?, ?)", [(user_id, tag) for tag in sorted(set(tags))])
    write.execute("UPDATE account SET backup_sets = backup_sets + 1 WHERE user_id = ?", (user_id,))


def drop_idle_backup_codes(write: apsw.Connection, user_id: str) -> None:
    """For whoever removes a second factor, inside the same transaction: codes that stand in for nothing go."""
    if not has_second_factor(write, user_id):
        write.execute("DELETE FROM backup_code WHERE user_id = ?", (user_id,))


def has_second_factor(connection: apsw.Connection, user_id: str) -> bool:
    """A confirmed authenticator, or a passkey that does not open the account by itself."""
    found = connection.execute(
        "SELECT 1 FROM totp WHERE user_id = ?1 AND confirmed"
        " UNION ALL SELECT 1 FROM passkey WHERE user_id = ?1 AND user_by_prf IS NULL LIMIT 1",
        (user_id,),
    )
    return found.fetchone() is not None


def _spend(write: apsw.Connection, user_id: str, used: UsedCode) -> None:
    match used:
        case TotpStep(secret_by_user=secret, step=step):
            write.execute(
                "UPDATE totp SET last_step = ?1 WHERE user_id = ?2 AND secret_by_user = ?3 AND confirmed"
                " AND last_step < ?1",
                (step, user_id, secret),
            )
            if write.changes() == 0:
                raise CodeSpent
        case BackupTag(tag=tag):
            write.execute("DELETE FROM backup_code WHERE user_id = ? AND tag = ?", (user_id, tag))
            if write.changes() == 0:
                raise CodeSpent
            write.execute("UPDATE account SET backup_uses = backup_uses + 1 WHERE user_id = ?", (user_id,))
        case _:
            assert_never(used)
