"""Back-up codes: ten of them, 50 bits each, for whoever has lost the authenticator. Each opens once.

They stand beside a password, never alone, and the tries at them are counted: 50 bits are far more than that needs, and
ten symbols are copied by hand without a fault.
"""

from __future__ import annotations

from typing import Final

from vault import crockford

CODES: Final = 10
RANDOM_BYTES: Final = CODES * 7  # 50 bits of each seven bytes are used.
_SYMBOLS: Final = 10
_GROUP_SYMBOLS: Final = 5


def new_backup_codes(random: bytes) -> tuple[str, ...]:
    """Ten of `XXXXX-XXXXX`. ValueError unless there are RANDOM_BYTES."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"back-up codes are made from {RANDOM_BYTES} bytes, not {len(random)}")
    parts = (random[start : start + 7] for start in range(0, RANDOM_BYTES, 7))
    return tuple(crockford.spell(int.from_bytes(part, "big"), _SYMBOLS, _GROUP_SYMBOLS) for part in parts)


def read_backup_code(text: str) -> bytes:
    """Its 7 bytes, from what a person typed: case, spaces and dashes do not count, O is read as 0, I and L as 1.
    CodeMalformed."""
    return crockford.read(text, _SYMBOLS).to_bytes(7, "big")
