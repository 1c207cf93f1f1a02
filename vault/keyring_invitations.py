"""Invitations: codes that open the registration where it asks for one, and their rows in the keyring.

A code is 160 random bits, so its SHA-256 is kept, and nobody who reads the keyring can hand one out. A use is taken in
the transaction that adds the account, and noted under the account's name: the same registration sent again finds it,
and one that is taken back gives it back, once.
"""

from __future__ import annotations

import hashlib
from typing import Final, cast

import apsw
import msgspec

from vault import crockford
from vault.errors import InvitationsFull, InvitationSpent
from vault.keyring_store import KeyringStore

INVITATION_BYTES: Final = 20
INVITATIONS_MAX: Final = 1_000
KEPT_US: Final = 86_400_000_000
"""Past its end: whoever registered in the last minute may ask for the answer again."""
_GROUP_SYMBOLS: Final = 4
_SYMBOLS: Final = INVITATION_BYTES * 8 // crockford.SYMBOL_BITS


class InvitationRow(msgspec.Struct, frozen=True):
    """`tag`: SHA-256 of the code's random bytes."""

    tag: bytes
    uses_left: int
    expires_at_us: int
    created_at_us: int

    def holds(self, now_us: int) -> bool:
        return self.uses_left > 0 and self.expires_at_us > now_us


def spell_invitation(random: bytes) -> str:
    """20 random bytes as eight groups of four Crockford symbols, like a recovery code."""
    if len(random) != INVITATION_BYTES:
        raise ValueError(f"an invitation is made from {INVITATION_BYTES} bytes, not {len(random)}")
    return crockford.spell(int.from_bytes(random, "big"), _SYMBOLS, _GROUP_SYMBOLS)


def invitation_tag(code: str) -> bytes:
    """Of a code as a person typed it. CodeMalformed for text that cannot be one."""
    return hashlib.sha256(crockford.read(code, _SYMBOLS).to_bytes(INVITATION_BYTES, "big")).digest()


class InvitationKeyring(KeyringStore):
    def add_invitation(self, row: InvitationRow) -> None:
        """InvitationsFull past INVITATIONS_MAX: whoever takes one back looks at all of them."""
        with self._transaction() as write:
            count = write.execute("SELECT count(*) FROM invitation").fetchone()
            if count is not None and count[0] >= INVITATIONS_MAX:
                raise InvitationsFull
            write.execute("INSERT INTO invitation VALUES (?, ?, ?, ?)", msgspec.structs.astuple(row))

    def invitation(self, tag: bytes) -> InvitationRow | None:
        """Also one that is used up, or has expired a short while ago."""
        row = self._reader.execute("SELECT * FROM invitation WHERE tag = ?", (tag,)).fetchone()
        return None if row is None else InvitationRow(*row)

    def invitations(self, now_us: int) -> list[InvitationRow]:
        """Those that hold, the oldest first; there are at most INVITATIONS_MAX."""
        rows = self._reader.execute(
            "SELECT * FROM invitation WHERE uses_left > 0 AND expires_at_us > ? ORDER BY created_at_us, tag", (now_us,)
        )
        return [InvitationRow(*row) for row in rows]

    def invited(self, tag: bytes, name_index: bytes) -> str | None:
        """The account of that name, if this invitation made it."""
        row = self._reader.execute(
            "SELECT user_id FROM account WHERE name_index = ? AND EXISTS (SELECT 1 FROM spent WHERE tag = ?)",
            (name_index, _use(tag, name_index)),
        ).fetchone()
        return None if row is None else str(row[0])

    def drop_invitations(self) -> int:
        """All of them: none opens anything any more. How many there were."""
        with self._transaction() as write:
            write.execute("DELETE FROM invitation")
            return write.changes()

    def drop_expired_invitations(self, now_us: int, limit: int) -> int:
        """Those whose end is past by KEPT_US, at most `limit`."""
        expired = "SELECT tag FROM invitation WHERE expires_at_us < ? LIMIT ?"
        if self._reader.execute(expired, (now_us - KEPT_US, 1)).fetchone() is None:
            return 0
        with self._transaction() as write:
            write.execute(f"DELETE FROM invitation WHERE tag IN ({expired})", (now_us - KEPT_US, limit))  # noqa: S608  (a constant)
            return write.changes()


def use_invitation(write: apsw.Connection, tag: bytes, name_index: bytes, now_us: int) -> None:
    """Inside the transaction that adds the account of that name. InvitationSpent if it does not hold any more."""
    used = write.execute(
        "UPDATE invitation SET uses_left = uses_left - 1 WHERE tag = ? AND uses_left > 0 AND expires_at_us > ?"
        " RETURNING expires_at_us",
        (tag, now_us),
    ).fetchall()
    if not used:
        raise InvitationSpent
    (expires_at_us,) = cast(tuple[int], used[0])
    write.execute("INSERT OR REPLACE INTO spent VALUES (?, ?)", (_use(tag, name_index), expires_at_us + KEPT_US))


def give_back_invitation(write: apsw.Connection, user_id: str) -> None:
    """The use that this account has taken, if one, is there again. Done twice it gives back once."""
    found = write.execute("SELECT name_index FROM account WHERE user_id = ?", (user_id,)).fetchone()
    if found is None:
        return
    for (tag,) in cast(list[tuple[bytes]], write.execute("SELECT tag FROM invitation").fetchall()):
        write.execute("DELETE FROM spent WHERE tag = ?", (_use(tag, found[0]),))
        if write.changes() > 0:
            write.execute("UPDATE invitation SET uses_left = uses_left + 1 WHERE tag = ?", (tag,))
            return


def _use(tag: bytes, name_index: bytes) -> bytes:
    """How the use of an invitation by an account is noted among what was spent."""
    return hashlib.sha256(b"strongroom/v1/invited/" + tag + name_index).digest()
