"""Destroying all that the keyring has of an account: at once what opens it, then the rest, some at a time.

A commit keeps every reader out, the event loops of the API among them, so no transaction may grow with what one person
has kept. Crash points: the first transaction takes the user key with all that wraps it, and what is left under it is
noise. It is found by the user id, as often as it takes; the stream keys go last, because the sweeper goes by them.
"""

from __future__ import annotations

from typing import Final

from vault.keyring_invitations import give_back_invitation
from vault.keyring_store import KeyringStore

ROWS_AT_ONCE: Final = 1_000
SIGNS_IN: Final = ("session", "api_token", "passkey", "passkey_removed", "backup_code", "totp")
UNDER_USER: Final = ("blob_key", "content_tag", "stream_key")


class ErasingKeyring(KeyringStore):
    def shut_account(self, user_id: str, *, as_if_never: bool = False) -> None:
        """Nothing of the account can be opened any more, and nothing can be added to it. Idempotent. `as_if_never`: an
        invitation that it has used has that use again.

        Its row, and all that signs in, at once. Then the spool keys: those are under the server key, and would open
        still."""
        with self._transaction(cascade=False) as write:
            if as_if_never:
                give_back_invitation(write, user_id)
            for table in SIGNS_IN:
                write.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))  # noqa: S608  (constants)
            write.execute("DELETE FROM account WHERE user_id = ?", (user_id,))
        while self._drop_some("spool_key", user_id):
            pass

    def drop_remains(self, user_id: str) -> bool:
        """At most ROWS_AT_ONCE of the keys that were under the user key of a shut account; False when none is left.
        Of an account that is there nothing is dropped."""
        return any(self._drop_some(table, user_id) for table in UNDER_USER)

    def drop_account(self, user_id: str) -> None:
        """As if it had never been: shuts it, and drops all that remains: the keys of chats, files and blobs, and the
        tags."""
        self.shut_account(user_id, as_if_never=True)
        while self.drop_remains(user_id):
            pass

    def _drop_some(self, table: str, user_id: str) -> bool:
        """Whether there were any. `table`: one of the names above."""
        with self._transaction() as write:
            write.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE user_id = ?1 LIMIT ?2)"  # noqa: S608  (a constant)
                " AND NOT EXISTS (SELECT 1 FROM account WHERE user_id = ?1)",
                (user_id, ROWS_AT_ONCE),
            )
            return write.changes() > 0
