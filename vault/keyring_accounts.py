"""The keyring's accounts and sessions: what opens a user key, and how that is replaced.

Whatever replaces something names what it has seen: between reading a row and writing it lies the stretching of a
password, and somebody else may have been there. A sign-in that began under the old password leaves no session behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from vault.errors import AccountGone, CredentialsReplaced, EmailKnown, NameKnown
from vault.kdf import PasswordParams
from vault.keyring_invitations import use_invitation
from vault.keyring_store import KeyringStore

SELECT_MARK: Final = """
    SELECT user_id, created_at_us, password_changes, codes_issued, backup_sets, backup_uses, identity_by_subject,
           EXISTS (SELECT 1 FROM totp WHERE totp.user_id = account.user_id AND confirmed),
           (SELECT json_group_array(json_array(passkey_id, user_by_prf IS NOT NULL)) FROM passkey
            WHERE passkey.user_id = account.user_id)
    FROM account"""
INSERT_SESSION: Final = "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)"


class AccountRow(msgspec.Struct, frozen=True):
    """The two numbers count what was set since the account was made, the code that it began with among them: the log is
    told of each, by whoever sees that it lags."""

    user_id: str
    name_index: bytes
    email_index: bytes
    params: PasswordParams
    password_verifier: bytes
    user_by_password: bytes
    recovery_verifier: bytes
    user_by_recovery: bytes
    public_key: bytes
    secret_by_user: bytes
    subject_by_server: bytes
    created_at_us: int
    password_changes: int = 0
    codes_issued: int = 1
    backup_sets: int = 0
    backup_uses: int = 0
    identity_by_subject: bytes | None = None


class AccountMark(msgspec.Struct, frozen=True):
    """What the log is to be told of an account: what was set how often, and which factors there are. `passkeys`: ids,
    and whether each opens. `identity_by_subject`: name and new address that the log does not have yet, sealed."""

    user_id: str
    created_at_us: int
    password_changes: int
    codes_issued: int
    backup_sets: int
    backup_uses: int
    identity_by_subject: bytes | None
    totp: bool
    passkeys: frozenset[tuple[str, bool]]


class PasswordWrap(msgspec.Struct, frozen=True):
    """What a password leaves in the keyring."""

    params: PasswordParams
    verifier: bytes
    user_by_password: bytes


class RecoveryWrap(msgspec.Struct, frozen=True):
    """What a recovery code leaves in the keyring."""

    verifier: bytes
    user_by_recovery: bytes


class SessionKeyRow(msgspec.Struct, frozen=True):
    session_id: str
    token_hash: bytes
    user_id: str
    user_by_token: bytes
    expires_at_us: int
    created_at_us: int
    seen_at_us: int = 0


class AccountKeyring(KeyringStore):
    # -- accounts ------------------------------------------------------------------------------------------------

    def add_account(self, account: AccountRow, session: SessionKeyRow, invitation: bytes | None = None) -> None:
        """A new account with its first session. NameKnown or EmailKnown if another account has that index.

        `invitation`: the tag of the one that it uses; InvitationSpent comes before any look at names."""
        with self._transaction() as write:
            if invitation is not None:
                use_invitation(write, invitation, account.name_index, account.created_at_us)
            if write.execute("SELECT 1 FROM account WHERE name_index = ?", (account.name_index,)).fetchone():
                raise NameKnown
            if write.execute("SELECT 1 FROM account WHERE email_index = ?", (account.email_index,)).fetchone():
                raise EmailKnown
            params = account.params
            columns = (params.time_cost, params.memory_kib, params.parallelism, params.salt)
            user_id, name, email, _, *rest = msgspec.structs.astuple(account)
            values = (user_id, name, email, *columns, *rest)
            write.execute(f"INSERT INTO account VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608  (marks only)
            write.execute(INSERT_SESSION, msgspec.structs.astuple(session))

    def find_account(self, index: bytes) -> AccountRow | None:
        """By the index of a user name or of an e-mail address. Where nobody has it, somebody else's row is read and
        made all the same: how long it takes tells nothing."""
        found = self._account(
            "SELECT * FROM account WHERE name_index = ?1 OR email_index = ?1"
            " UNION ALL SELECT * FROM (SELECT * FROM account LIMIT 1) LIMIT 1",
            index,
        )
        if found is None or index not in (found.name_index, found.email_index):
            return None
        return found

    def account(self, user_id: str) -> AccountRow | None:
        return self._account("SELECT * FROM account WHERE user_id = ?1", user_id)

    def accounts(self, after: str, limit: int) -> list[AccountMark]:
        """In order of id, for sweeping."""
        rows = self._reader.execute(f"{SELECT_MARK} WHERE user_id > ? ORDER BY user_id LIMIT ?", (after, limit))
        return [self._mark(row) for row in rows.fetchall()]

    def count_accounts(self) -> int:
        """How many there are."""
        count = self._reader.execute("SELECT count(*) FROM account").fetchone()
        return 0 if count is None else int(count[0])

    def mark(self, user_id: str) -> AccountMark | None:
        row = self._reader.execute(f"{SELECT_MARK} WHERE user_id = ?", (user_id,)).fetchone()
        return None if row is None else self._mark(row)

    def _mark(self, row: tuple[Any, ...]) -> AccountMark:
        user_id, created_at_us, password_changes, codes_issued, backup_sets, backup_uses, identity, totp, passkeys = row
        return AccountMark(
            user_id=user_id,
            created_at_us=created_at_us,
            password_changes=password_changes,
            codes_issued=codes_issued,
            backup_sets=backup_sets,
            backup_uses=backup_uses,
            identity_by_subject=identity,
            totp=bool(totp),
            passkeys=frozenset(msgspec.json.decode(passkeys, type=list[tuple[str, bool]], strict=False)),
        )

    def _account(self, sql: str, key: bytes | str) -> AccountRow | None:
        row = self._reader.execute(sql, (key,)).fetchone()
        if row is None:
            return None
        user_id, name, email, time_cost, memory_kib, parallelism, salt, *rest = row
        params = PasswordParams(time_cost=time_cost, memory_kib=memory_kib, parallelism=parallelism, salt=salt)
        return AccountRow(user_id, name, email, params, *rest)

    # -- password and recovery code ------------------------------------------------------------------------------

    def change_password(
        self,
        user_id: str,
        verifier: bytes,
        new: PasswordWrap,
        session_id: str,
        *,
        with_tokens: bool = False,
        with_passkeys: bool = False,
    ) -> tuple[list[str], list[str]]:
        """The user key under a new password; every session but one is gone, and `with_tokens` every token: their ids.
        `with_passkeys`: every passkey that opens the account by itself goes, too.

        `verifier`: of the password that was shown. CredentialsReplaced if that is not the password any more, or the
        session has ended; AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            held = write.execute("SELECT 1 FROM session WHERE session_id = ? AND user_id = ?", (session_id, user_id))
            if held.fetchone() is None:
                raise CredentialsReplaced
            _set_password(write, user_id, new)
            if with_passkeys:
                _drop_opening_passkeys(write, user_id)
            return _drop_sessions(write, user_id, session_id), drop_tokens(write, user_id) if with_tokens else []

    def upgrade_password(self, user_id: str, verifier: bytes, new: PasswordWrap) -> None:
        """The user key under the same password, stretched by more: nothing that anybody has to be told of.

        `verifier`: of the password that was shown. CredentialsReplaced, AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            _set_password(write, user_id, new, changes=0)

    def recover(
        self,
        user_id: str,
        verifier: bytes,
        password: PasswordWrap,
        code: RecoveryWrap,
        session: SessionKeyRow,
        *,
        with_others: bool = False,
    ) -> tuple[list[str], list[str]]:
        """The user key under a new password and a new recovery code, and one new session. All sessions that were open
        before are gone, and `with_others` every token and every passkey that opens the account by itself: the ids of
        the sessions, and of the tokens.

        `verifier`: of the code that was shown. CredentialsReplaced if it is used up; AccountGone."""
        with self._transaction() as write:
            _require_code(write, user_id, verifier)
            _set_password(write, user_id, password)
            _set_code(write, user_id, code)
            closed = _drop_sessions(write, user_id, "")
            write.execute(INSERT_SESSION, msgspec.structs.astuple(session))
            if not with_others:
                return closed, []
            _drop_opening_passkeys(write, user_id)
            return closed, drop_tokens(write, user_id)

    def change_code(self, user_id: str, verifier: bytes, new: RecoveryWrap) -> None:
        """The user key under a new recovery code; the old one opens nothing any more. The same once more changes
        nothing: under an Idempotency-Key a second copy brings the same code.

        `verifier`: of the password that was shown. CredentialsReplaced, AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            same = "SELECT 1 FROM account WHERE user_id = ? AND recovery_verifier = ?"
            if write.execute(same, (user_id, new.verifier)).fetchone() is None:
                _set_code(write, user_id, new)

    # -- e-mail address ------------------------------------------------------------------------------------------

    def change_email(self, user_id: str, verifier: bytes, email_index: bytes, identity_by_subject: bytes) -> None:
        """The new address finds the account, the old one is free. `identity_by_subject` stays until the log has it.

        `verifier`: of the password that was shown. EmailKnown if it is another account's; CredentialsReplaced,
        AccountGone."""
        with self._transaction() as write:
            require_password(write, user_id, verifier)
            others = "SELECT 1 FROM account WHERE email_index = ? AND user_id <> ?"
            if write.execute(others, (email_index, user_id)).fetchone() is not None:
                raise EmailKnown
            write.execute(
                "UPDATE account SET email_index = ?, identity_by_subject = ? WHERE user_id = ?",
                (email_index, identity_by_subject, user_id),
            )

    def clear_identity(self, user_id: str, identity_by_subject: bytes) -> None:
        """The log has it now. Untouched if there is a newer one."""
        with self._transaction() as write:
            same = "UPDATE account SET identity_by_subject = NULL WHERE user_id = ? AND identity_by_subject = ?"
            write.execute(same, (user_id, identity_by_subject))

    # -- sessions ------------------------------------------------------------------------------------------------

    def add_session(self, session: SessionKeyRow, verifier: bytes) -> bool:
        """False if it is there already, and then untouched. A sign-in repeated under its Idempotency-Key derives the
        same id and token: after a crash before the event, or while the first copy is still under way.

        `verifier`: of the password that was shown. CredentialsReplaced if it was changed meanwhile: its session would
        outlive what closed all others. AccountGone."""
        with self._transaction() as write:
            require_password(write, session.user_id, verifier)
            write.execute(f"{INSERT_SESSION} ON CONFLICT DO NOTHING", msgspec.structs.astuple(session))
            return write.changes() > 0

    def session_by_token(self, token_hash: bytes) -> SessionKeyRow | None:
        row = self._reader.execute("SELECT * FROM session WHERE token_hash = ?", (token_hash,)).fetchone()
        return None if row is None else SessionKeyRow(*row)

    def has_session(self, session_id: str) -> bool:
        return self._reader.execute("SELECT 1 FROM session WHERE session_id = ?", (session_id,)).fetchone() is not None

    def sessions_of(self, user_id: str, limit: int) -> list[SessionKeyRow]:
        """The oldest first."""
        rows = self._reader.execute(
            "SELECT * FROM session WHERE user_id = ? ORDER BY created_at_us, session_id LIMIT ?", (user_id, limit)
        )
        return [SessionKeyRow(*row) for row in rows]

    def touch_session(self, session_id: str, now_us: int) -> bool:
        """It is used now. False if it has ended, or is known to have been used later."""
        with self._transaction() as write:
            later = "UPDATE session SET seen_at_us = ?1 WHERE session_id = ?2 AND seen_at_us < ?1"
            write.execute(later, (now_us, session_id))
            return write.changes() > 0

    def idle_sessions(self, before_us: int, limit: int) -> list[str]:
        """Ids of those that were last used before a time, the longest idle first."""
        rows = self._reader.execute(
            "SELECT session_id FROM session WHERE max(seen_at_us, created_at_us) < ?"
            " ORDER BY max(seen_at_us, created_at_us) LIMIT ?",
            (before_us, limit),
        )
        return [session_id for (session_id,) in rows]

    def drop_idle_sessions(self, session_ids: Sequence[str], before_us: int) -> None:
        """Those that still were last used before that time."""
        with self._transaction() as write:
            idle = "DELETE FROM session WHERE session_id = ? AND max(seen_at_us, created_at_us) < ?"
            write.executemany(idle, [(session_id, before_us) for session_id in session_ids])

    def drop_session(self, session_id: str, user_id: str) -> bool:
        """True if it was there. The token opens nothing any more, in any process."""
        with self._transaction() as write:
            write.execute("DELETE FROM session WHERE session_id = ? AND user_id = ?", (session_id, user_id))
            return write.changes() > 0

    def drop_sessions(self, user_id: str) -> list[str]:
        """All of the user's at once; their ids."""
        with self._transaction() as write:
            return _drop_sessions(write, user_id, "")

    def drop_expired_sessions(self, now_us: int) -> int:
        with self._transaction() as write:
            write.execute("DELETE FROM session WHERE expires_at_us <= ?", (now_us,))
            return write.changes()


def require_account(write: apsw.Connection, user_id: str) -> None:
    """AccountGone. Asked inside the transaction that adds something: an erasure comes before it, and this is refused,
    or after it, and takes it along."""
    if write.execute("SELECT 1 FROM account WHERE user_id = ?", (user_id,)).fetchone() is None:
        raise AccountGone


def require_password(write: apsw.Connection, user_id: str, verifier: bytes) -> None:
    """That what was shown is what stands there now. It was compared in constant time before; this only asks whether the
    row is still the same."""
    require_account(write, user_id)
    same = "SELECT 1 FROM account WHERE user_id = ? AND password_verifier = ?"
    if write.execute(same, (user_id, verifier)).fetchone() is None:
        raise CredentialsReplaced


def _require_code(write: apsw.Connection, user_id: str, verifier: bytes) -> None:
    """As `require_password`."""
    require_account(write, user_id)
    same = "SELECT 1 FROM account WHERE user_id = ? AND recovery_verifier = ?"
    if write.execute(same, (user_id, verifier)).fetchone() is None:
        raise CredentialsReplaced


def _set_password(write: apsw.Connection, user_id: str, new: PasswordWrap, changes: int = 1) -> None:
    params = new.params
    write.execute(
        "UPDATE account SET time_cost = ?, memory_kib = ?, parallelism = ?, salt = ?, password_verifier = ?,"
        " user_by_password = ?, password_changes = password_changes + ? WHERE user_id = ?",
        (
            params.time_cost, params.memory_kib, params.parallelism, params.salt, new.verifier,
            new.user_by_password, changes, user_id,
        ),
    )  # fmt: skip


def _set_code(write: apsw.Connection, user_id: str, new: RecoveryWrap) -> None:
    write.execute(
        "UPDATE account SET recovery_verifier = ?, user_by_recovery = ?, codes_issued = codes_issued + 1"
        " WHERE user_id = ?",
        (new.verifier, new.user_by_recovery, user_id),
    )


def _drop_sessions(write: apsw.Connection, user_id: str, but: str) -> list[str]:
    gone = write.execute(
        "DELETE FROM session WHERE user_id = ? AND session_id <> ? RETURNING session_id", (user_id, but)
    )
    return [str(session_id) for (session_id,) in gone.fetchall()]


def _drop_opening_passkeys(write: apsw.Connection, user_id: str) -> None:
    """No second factor is among them, so the back-up codes stay as they are."""
    gone = write.execute(
        "DELETE FROM passkey WHERE user_id = ? AND user_by_prf IS NOT NULL RETURNING passkey_id", (user_id,)
    )
    note_removed(write, user_id, [str(passkey) for (passkey,) in gone.fetchall()])


def note_removed(write: apsw.Connection, user_id: str, passkeys: Iterable[str]) -> None:
    """Inside the transaction that removes them. Until the log has been told, it has passkeys that the keyring lacks,
    and only this tells a removal from an older keyring."""
    write.executemany(
        "INSERT INTO passkey_removed VALUES (?, ?) ON CONFLICT DO NOTHING", [(passkey, user_id) for passkey in passkeys]
    )


def drop_tokens(write: apsw.Connection, user_id: str) -> list[str]:
    """All tokens of the user, inside a transaction that closes more; their ids."""
    gone = write.execute("DELETE FROM api_token WHERE user_id = ? RETURNING token_id", (user_id,))
    return [str(token_id) for (token_id,) in gone.fetchall()]
