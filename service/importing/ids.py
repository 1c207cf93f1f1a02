"""Ids of what an import makes: always the same for the same export in the same account.

So an import that was cut off finds again what it has brought, and brings nothing twice. All ids of one import begin
alike, which tells what came with it from what was there before; from what an id was made, only the user key can tell.
See docs/decisions/0027-exports-and-imports.md.
"""

from __future__ import annotations

import hmac
import uuid
from typing import Literal

from service.machine.ids import uuid7_from
from vault.keys import UserKeys

PREFIX_BYTES = 6  # Where a UUIDv7 has its time.
RANDOM_BYTES = 10
Kind = Literal["chat", "message", "file"]


class ImportIds:
    """Of one export in one account."""

    def __init__(self, keys: UserKeys, export_id: str) -> None:
        self._key = keys.request_tag(b"import", export_id.encode())  # Derived from the user key: HMAC again is enough.
        self._prefix = int.from_bytes(self._mac("export")[:PREFIX_BYTES], "big")

    def of(self, kind: Kind, old_id: str) -> str:
        """The id here of what has `old_id` in the export."""
        return uuid7_from(self._prefix, self._mac(f"{kind} {old_id}")[:RANDOM_BYTES])

    def made(self, id_: str) -> bool:
        """Whether it is one of this import."""
        return uuid.UUID(id_).int >> 80 == self._prefix

    def _mac(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")
