"""What the vault can refuse. Says that something is broken, never which part: details would be an oracle."""

from __future__ import annotations

import os


class VaultError(Exception):
    """Root of everything the vault raises on purpose."""


class SealBroken(VaultError):
    """Sealed bytes do not open.

    Wrong key, changed bytes, another binding, an unknown or below-floor format: one error and one message for
    all, so that whoever probes with forged bytes learns nothing from the difference.
    """

    def __init__(self, message: str = "sealed bytes do not open") -> None:
        super().__init__(message)


class BlobBroken(SealBroken):
    """A blob is truncated, changed, or not the one that its key and associated data name."""

    def __init__(self, message: str = "blob does not open") -> None:
        super().__init__(message)


class SpoolBroken(SealBroken):
    """A spool is truncated, reordered, changed, or not the one that its key and upload id name."""

    def __init__(self, message: str = "spool does not open") -> None:
        super().__init__(message)


class SpoolFinished(VaultError):
    """The spool carries its end frame: nothing can be appended any more."""


class SpoolBusy(VaultError):
    """Another writer holds the spool."""


class ParamsRefused(VaultError):
    """Password-hashing costs below the floor (a downgrade) or above the ceiling (an attack on memory and
    time).
    """


class CodeMalformed(VaultError):
    """Text that cannot be a recovery code, whatever account it is tried on."""


class ThrottleFull(VaultError):
    """A call cannot be counted because the disk is full: it is refused, or a full disk would lift the limits."""


class ThrottleBroken(VaultError):
    """The rate limits cannot be counted (a damaged file, say). Nothing may pass uncounted."""


class GateFull(VaultError):
    """Too many password derivations wait already; come back after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"password derivation is busy; retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class KeyringCorrupt(VaultError):
    """The file is not a keyring, or has another schema: stop and say so; guessing repairs nothing."""


class WrongServerKey(VaultError):
    """The keyring was made under another server key. Under this one no name would be found and everybody could
    register a second time: stop."""

    def __init__(self) -> None:
        super().__init__(
            "the server key is not the one that this keyring was made with: "
            "set STRONGROOM_SERVER_KEY to that key, or unset it and restore server.key"
        )


class KeyringOlder(VaultError):
    """An older copy of the keyring was put back: it has keys that were destroyed since, and lacks newer ones."""

    def __init__(self, found: int, newest: int, *, lacks: str = "") -> None:
        """`newest`: the generation that was here before; not above `found` where only the log tells. `lacks`: a user
        that the log has, and this keyring has not."""
        before = f"what was here (generation {found}, {newest} before)" if newest > found else "the log"
        before += f", which has {lacks}" if lacks else ""
        super().__init__(
            f"keyring.db is older than {before}: keys that were destroyed since would open again. Put the newer"
            " keyring.db back, or let `strongroom keyring accept` bring this one up to the log: see docs/operating.md,"
            " An older keyring"
        )


class KeyringLost(VaultError):
    """The log has accounts, and the keyring beside it, if there is one, has none."""

    def __init__(self) -> None:
        super().__init__(
            "the log has accounts, and keyring.db is missing or has none of them. Nothing was changed or swept. Put"
            " this folder's own keyring.db back, or `strongroom restore` both from a backup: see docs/operating.md,"
            " A keyring that is lost"
        )


class KeyringFull(VaultError):
    """The disk refused a change to the keyring; the keyring is as it was before."""


class KeyringBusy(VaultError):
    """Others have held the keyring for longer than anybody waits; nothing was changed. Again in a while."""


class NameKnown(VaultError):
    """Another account has this user name."""


class EmailKnown(VaultError):
    """Another account has this e-mail address."""


class AccountGone(VaultError):
    """The account is erased: nothing can be added to it any more."""


class CredentialsReplaced(VaultError):
    """The password, the recovery code or the session that a change rests on is not the account's any more; nothing was
    changed."""


class TokensFull(VaultError):
    """The account has as many tokens as it may; nothing was added."""


class CodeSpent(VaultError):
    """The second factor's code was used before, or was never one of the account's; nothing was changed."""


class FactorSet(VaultError):
    """The account has a confirmed authenticator already; nothing was changed."""


class FactorUnset(VaultError):
    """The account has no second factor; nothing was changed."""


class PasskeyKnown(VaultError):
    """The credential is a passkey here already, this account's or another's; nothing was changed."""


class PasskeysFull(VaultError):
    """The account has as many passkeys as it may; nothing was added."""


class ChallengeSpent(VaultError):
    """The challenge was answered before; nothing was changed."""


class PasskeyRefused(VaultError):
    """The passkey is gone, or its counter did not grow: there are two of it. Nothing was changed."""


class InvitationSpent(VaultError):
    """The invitation is used up, has expired or was revoked; nothing was changed."""


class InvitationsFull(VaultError):
    """There are as many invitations as there may be."""

    def __init__(self) -> None:
        super().__init__("there are too many invitations: wait until some expire, or take all back with --revoke-all")


class QuotaReached(VaultError):
    """The account's files would pass its quota; none was added."""


class Unopenable(VaultError):
    """A database cannot be opened at all, whatever it holds: it is another user's, or a folder lies in its place."""

    def __init__(self, path: os.PathLike[str], why: str) -> None:
        super().__init__(f"{os.fspath(path)}: {why}")


class PendingBroken(VaultError):
    """The file is not the database of uploads under way, or has another schema."""


class PendingFull(VaultError):
    """The disk refused a change to the uploads under way; they are as they were before."""


class TooManyPending(VaultError):
    """The account has too many uploads that are not files yet."""
