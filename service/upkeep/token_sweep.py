"""Tokens that a crash or the clock left between key and event: beside the sweeper's other work, in bounded slices.

Those that the log has revoked and an older keyring brought back are `service.upkeep.revived`'s.
"""

from __future__ import annotations

from typing import Final

from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.accounts.revoking import revoke_records
from service.house.house import House
from service.uploads.pending import end_of_token

TOKENS_PER_SWEEP: Final = 1_000


class TokenSweep:
    """Remembers where the last slice ended."""

    def __init__(self) -> None:
        self._told = ""
        self._kept = ""

    def sweep(self, house: House, log: Log, before_us: int) -> int:
        """How many were closed, or dropped. `before_us`: keys that are younger may still get their event."""
        return self._tell(house, log) + self._drop_nameless(house, log, before_us)

    def _tell(self, house: House, log: Log) -> int:
        """Tokens of which the log does not know yet that they have expired, or that their key is gone: a key is made
        before its event, so an event without a key means a revoking that was cut off."""
        now_us = house.clock_us()
        rows = house.reader.tokens(self._told, TOKENS_PER_SWEEP)
        self._told = rows[-1].token_id if len(rows) == TOKENS_PER_SWEEP else ""
        if any(row.expires_at_us <= now_us for row in rows):
            house.keyring.drop_expired_tokens(now_us)
        told = 0
        for row in rows:
            expired = row.expires_at_us <= now_us
            if not expired and house.keyring.has_token(row.token_id):
                continue
            end_of_token(house, row.token_id)  # Before the log is told: from then on nobody comes back to it.
            records = revoke_records(log, row.token_id, "expired" if expired else "lost")
            try:
                if records:
                    house.writer.append(Append(records))
                    told += 1
            except VersionConflict:
                continue  # Somebody revokes it at this moment.
        return told

    def _drop_nameless(self, house: House, log: Log, before_us: int) -> int:
        """Keys whose issuing was cut off before its event: nobody was shown the token."""
        rows = house.keyring.tokens_after(self._kept, TOKENS_PER_SWEEP)
        self._kept = rows[-1].token_id if len(rows) == TOKENS_PER_SWEEP else ""
        dropped = 0
        for row in rows:
            if row.created_at_us < before_us and not log.read_stream(row.stream):
                dropped += house.keyring.drop_token(row.token_id, row.user_id)
        return dropped
