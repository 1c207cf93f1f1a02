"""The keyring's passkeys: WebAuthn credentials, and what of a user key their PRF opens."""

from __future__ import annotations

from vault.keyring_store import KeyringStore


class PasskeyKeyring(KeyringStore):
    pass
