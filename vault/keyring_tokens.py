"""The keyring's API tokens: what opens a user key for a program, or lets it write and opens nothing."""

from __future__ import annotations

from vault.keyring_store import KeyringStore


class TokenKeyring(KeyringStore):
    pass
