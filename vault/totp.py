"""Time-based one-time passwords, as every authenticator makes them: HMAC-SHA-1, 6 digits, 30 seconds. RFC 6238.

SHA-1 because the apps know no other: what is asked of it here is that HMAC-SHA-1 is a PRF, which no collision touches.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES: Final = 20  # RFC 4226 §4, R6: 128 bits at the least, 160 recommended.
DIGITS: Final = 6
STEP_S: Final = 30
STEPS_AROUND: Final = 1  # RFC 6238 §5.2: for a clock that is off and a code that is typed slowly.
ISSUER: Final = "Strongroom"


def matching_step(secret: bytes, code: str, now_us: int) -> int | None:
    """The time step whose code this is, of the current one and its neighbours; the newest, should two have the same.
    None: of none. Whether it was used before is for whoever keeps the steps to say.

    `code`: 6 ASCII digits. Takes the same time wherever it differs, and whichever step it is of."""
    now_step = now_us // (STEP_S * 1_000_000)
    found: int | None = None
    for step in range(now_step - STEPS_AROUND, now_step + STEPS_AROUND + 1):
        if bytes_eq(code_at(secret, step), code.encode()):
            found = step
    return found


def code_at(secret: bytes, step: int) -> bytes:
    """6 ASCII digits."""
    return _totp(secret).generate(max(0, step) * STEP_S)


def secret_text(secret: bytes) -> str:
    """What is typed into an authenticator that cannot take a picture: base 32, 32 characters. RFC 4648 §6."""
    return base64.b32encode(secret).decode()


def provisioning_uri(secret: bytes, name: str) -> str:
    """`otpauth://totp/Strongroom:<name>?…`, as the QR code holds it."""
    return _totp(secret).get_provisioning_uri(name, ISSUER)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303  (what the authenticators speak, see above)
