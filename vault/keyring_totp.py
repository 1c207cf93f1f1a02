"""The keyring's TOTP secrets and back-up codes."""

from __future__ import annotations

from vault.keyring_store import KeyringStore


class TotpKeyring(KeyringStore):
    pass
