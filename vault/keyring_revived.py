"""What an older copy of the keyring brings back, and how it is brought up to what the log says.

Keys come before their events, so a keyring never knows less than the log: one that does was put back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, Literal

import apsw
import msgspec

from vault.keyring_accounts import note_removed
from vault.keyring_store import KeyringStore
from vault.keyring_totp import drop_idle_backup_codes

VERIFIER_BYTES: Final = 32
Stale = Literal["password", "recovery_code", "second_factor", "authenticator", "passkey"]


class Told(msgspec.Struct, frozen=True):
    """What the log says of an account: what was set how often, and which factors there are. `passkeys`: ids, and
    whether each opens; `removed`: ids of those that were."""

    password_changes: int
    codes_issued: int
    backup_sets: int
    backup_uses: int
    totp: bool
    passkeys: frozenset[tuple[str, bool]]
    removed: frozenset[str] = frozenset()

    @property
    def guarded(self) -> bool:
        """Whether the password alone must not sign in."""
        return self.totp or any(not opens for _, opens in self.passkeys)


class RevivedKeyring(KeyringStore):
    def account_ids(self, after: str, limit: int) -> list[str]:
        return account_ids(self._reader, after, limit)

    def session_ids(self, after: str, limit: int) -> list[str]:
        return session_ids(self._reader, after, limit)

    def token_ids(self, after: str, limit: int) -> list[str]:
        return token_ids(self._reader, after, limit)

    def absent_accounts(self, user_ids: Sequence[str]) -> list[str]:
        """Those of them that are not here."""
        return absent_accounts(self._reader, user_ids)

    def drop_ways_in(self, session_ids: Sequence[str], token_ids: Sequence[str]) -> None:
        """They open nothing any more."""
        with self._transaction() as write:
            for session_id in session_ids:
                write.execute("DELETE FROM session WHERE session_id = ?", (session_id,))
            for token_id in token_ids:
                write.execute("DELETE FROM api_token WHERE token_id = ?", (token_id,))

    def lags(self, user_id: str, told: Told) -> bool:
        """As the function."""
        return lags(self._reader, user_id, told)

    def stale(self, user_id: str, told: Told) -> frozenset[Stale]:
        """What the log says has been replaced since this keyring was written.

        "second_factor": the log asks for one, and none of those that it knows is here. "authenticator": the one that
        the log knows is not here, or another is, and a passkey that the log knows still guards the account. Empty for
        an account that is not here. "passkey": one that the log knows is not here, and nothing else is amiss with the
        factors."""
        found = _compare(self._reader, user_id, told)
        return frozenset() if found is None else found.stale

    def settle(self, user_id: str, told: Told, *, keep: bool) -> frozenset[Stale]:
        """Brings an account of an older keyring up to the log, in one transaction, and gives back what was stale.

        What is stale opens nothing any more, unless `keep`: the account's own wraps under it are destroyed. Factors and
        back-up codes that the log has not, or has used, go in any case; so does an authenticator that may be an older
        one than the log's, unless `keep`. The counts are the log's from here on, and passkeys that only the log knows
        count as removed, which it is told."""
        with self._transaction() as write:
            found = _compare(write, user_id, told)
            if found is None:
                return frozenset()
            if not keep:
                _shut_stale(write, user_id, found.stale)
            _drop_old_factors(write, user_id, told, found, keep=keep)
            note_removed(write, user_id, sorted(found.missing))
            write.execute(
                "UPDATE account SET password_changes = max(password_changes, ?1), codes_issued = max(codes_issued, ?2),"
                " backup_sets = max(backup_sets, ?3), backup_uses = max(backup_uses, ?4) WHERE user_id = ?5 AND"
                " (password_changes < ?1 OR codes_issued < ?2 OR backup_sets < ?3 OR backup_uses < ?4)",
                (told.password_changes, told.codes_issued, told.backup_sets, told.backup_uses, user_id),
            )
            return found.stale


def account_ids(connection: apsw.Connection, after: str, limit: int) -> list[str]:
    """In order, as all ids here."""
    rows = connection.execute("SELECT user_id FROM account WHERE user_id > ? ORDER BY user_id LIMIT ?", (after, limit))
    return [str(user_id) for (user_id,) in rows]


def session_ids(connection: apsw.Connection, after: str, limit: int) -> list[str]:
    sql = "SELECT session_id FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?"
    return [str(session_id) for (session_id,) in connection.execute(sql, (after, limit))]


def token_ids(connection: apsw.Connection, after: str, limit: int) -> list[str]:
    sql = "SELECT token_id FROM api_token WHERE token_id > ? ORDER BY token_id LIMIT ?"
    return [str(token_id) for (token_id,) in connection.execute(sql, (after, limit))]


def absent_accounts(connection: apsw.Connection, user_ids: Sequence[str]) -> list[str]:
    """Those of them that are not there."""
    rows = connection.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT user_id FROM account)",
        (msgspec.json.encode(list(user_ids)).decode(),),
    )
    return [str(user_id) for (user_id,) in rows]


def lags(connection: apsw.Connection, user_id: str, told: Told) -> bool:
    """Whether the log knows of something that this keyring has not: it is an older one, whatever its mark says, and
    what else it has may be what was replaced. A removal that the log has not heard of yet is none of that: setting an
    authenticator, or the first second factor, counts the sets of back-up codes up, and removing counts nothing; a
    passkey that was removed is remembered as such until the log knows.

    `told`: read before. Once the log has been told of a removal in between, this is True of what nothing is wrong with:
    who finds it looks whether the log still says the same. False for an account that is not here."""
    row = connection.execute(
        "SELECT 1 FROM account WHERE user_id = ?1 AND"
        " (password_changes < ?2 OR codes_issued < ?3 OR backup_sets < ?4 OR backup_uses < ?5"
        " OR (NOT ?6 AND backup_sets = ?4"
        " AND EXISTS (SELECT 1 FROM totp WHERE totp.user_id = account.user_id AND confirmed))"
        " OR EXISTS (SELECT 1 FROM passkey WHERE passkey.user_id = account.user_id"
        " AND passkey_id IN (SELECT value FROM json_each(?7))))",
        (
            user_id,
            told.password_changes,
            told.codes_issued,
            told.backup_sets,
            told.backup_uses,
            told.totp,
            msgspec.json.encode(sorted(told.removed)).decode(),
        ),
    ).fetchone()
    return row is not None or bool(_missing(connection, user_id, told))


def take_as_removed(write: apsw.Connection, user_id: str, told: Told) -> None:
    """Passkeys of the account that the log knows and this keyring lacks: by who knows that it is no older one."""
    note_removed(write, user_id, sorted(_missing(write, user_id, told)))


def _missing(connection: apsw.Connection, user_id: str, told: Told) -> frozenset[str]:
    """Ids of passkeys that the log knows, and this keyring neither has nor has removed. None for an account that is
    not here."""
    if not told.passkeys:
        return frozenset()
    rows = connection.execute(  # One statement: a removal in between moves an id from one table to the other.
        "SELECT value FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM account WHERE user_id = ?2)"
        " AND value NOT IN (SELECT passkey_id FROM passkey WHERE user_id = ?2)"
        " AND value NOT IN (SELECT passkey_id FROM passkey_removed WHERE user_id = ?2)",
        (msgspec.json.encode(sorted(passkey for passkey, _ in told.passkeys)).decode(), user_id),
    )
    return frozenset(str(passkey) for (passkey,) in rows)


class _Compared(msgspec.Struct, frozen=True):
    """An account beside what the log says of it. `totp`: its authenticator is the one that the log knows. `passkeys`:
    ids of those that are. `missing`: ids of those that only the log knows. `ahead`: the factors were changed by
    somebody who has not told the log yet."""

    stale: frozenset[Stale]
    totp: bool
    passkeys: frozenset[str]
    missing: frozenset[str]
    ahead: bool


def _compare(connection: apsw.Connection, user_id: str, told: Told) -> _Compared | None:
    """Which of an account's factors are the log's, and what it lacks then; None if it is not here.

    An id names a passkey for good. An authenticator has none: each that is confirmed comes with a set of back-up codes,
    so with fewer sets than the log knows of, it may be one that was replaced since, and counts as that."""
    row = connection.execute(
        "SELECT password_changes < ?1, codes_issued < ?2, backup_sets,"
        " EXISTS (SELECT 1 FROM totp WHERE totp.user_id = account.user_id AND confirmed)"
        " FROM account WHERE user_id = ?3",
        (told.password_changes, told.codes_issued, user_id),
    ).fetchone()
    if row is None:
        return None
    password, code, sets, confirmed = row
    ahead, lacking = sets > told.backup_sets, sets < told.backup_sets
    totp = bool(confirmed) and (ahead or (told.totp and not lacking))
    rows = connection.execute("SELECT passkey_id, user_by_prf IS NULL FROM passkey WHERE user_id = ?", (user_id,))
    asked_for = {str(passkey): bool(opens_nothing) for passkey, opens_nothing in rows}
    passkeys = frozenset(asked_for) if ahead else frozenset(asked_for) & {passkey for passkey, _ in told.passkeys}
    guarded = totp or any(asked_for[passkey] for passkey in passkeys)
    missing = _missing(connection, user_id, told)
    unguarded = told.guarded and not guarded and not ahead
    stale: tuple[tuple[Stale, bool], ...] = (
        ("password", bool(password)),
        ("recovery_code", bool(code)),
        ("second_factor", unguarded),
        ("authenticator", told.totp and lacking and guarded),
        ("passkey", bool(missing) and not unguarded),
    )
    return _Compared(frozenset(name for name, holds in stale if holds), totp, passkeys, missing, ahead)


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


def _drop_old_factors(write: apsw.Connection, user_id: str, told: Told, found: _Compared, *, keep: bool) -> None:
    """`keep` spares an authenticator where the log knows of one, and nothing else: what was removed was removed."""
    if not (found.totp or found.ahead or (keep and told.totp)):
        write.execute("DELETE FROM totp WHERE user_id = ?", (user_id,))
    write.execute(
        "DELETE FROM passkey WHERE user_id = ? AND passkey_id NOT IN (SELECT value FROM json_each(?))",
        (user_id, msgspec.json.encode(sorted(found.passkeys)).decode()),
    )
    write.execute(
        "DELETE FROM backup_code WHERE user_id = ?1 AND EXISTS (SELECT 1 FROM account WHERE user_id = ?1"
        " AND (backup_sets < ?2 OR backup_uses < ?3))",
        (user_id, told.backup_sets, told.backup_uses),
    )
    drop_idle_backup_codes(write, user_id)
