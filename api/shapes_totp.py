"""Second factors on the wire: the authenticator and the back-up codes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.shapes import FactorCode, Password, Request
from service.factors.webauthn_wire import Assertion
from service.management.passkeys import PasskeyView


class TotpConfirmRequest(Request, frozen=True):
    code: Annotated[str, Meta(max_length=64, description="Six digits that the authenticator shows.")]


class TotpRemoveRequest(Request, frozen=True):
    password: Password
    code: FactorCode


class BackupCodesRequest(Request, frozen=True):
    """`code` or `passkey`: of the second factor that they stand in for. `passkey`: AuthenticationResponseJSON."""

    password: Password
    code: FactorCode | None = None
    passkey: Assertion | None = None


class TotpOffer(msgspec.Struct, frozen=True):
    """Shown this once."""

    secret: Annotated[str, Meta(description="Base 32, to be typed into an authenticator.")]
    uri: Annotated[str, Meta(description="`otpauth://…`, for a QR code.")]


class BackupCodes(msgspec.Struct, frozen=True):
    """Ten codes, shown this once, each good for one sign-in. Those of before are void."""

    backup_codes: list[str]
    position: int


class Factors(msgspec.Struct, frozen=True):
    """`totp`: whether an authenticator is set up and confirmed."""

    totp: bool
    backup_codes_left: int
    passkeys: list[PasskeyView]
