"""What goes over the wire about passkeys and the e-mail address."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.shapes import EMAIL_PATTERN, Email, FactorCode, Password, Request, whole
from service.factors.webauthn_wire import Assertion, NewCredential, decode
from service.management.passkeys import PRF_BYTES
from service.reading.views import Id, Time, UserView

PasskeyName = Annotated[str, Meta(min_length=1, max_length=100)]
Prf = Annotated[
    str,
    Meta(
        min_length=43,
        max_length=43,
        description="What the authenticator's PRF gave for the salt in the options' extensions: 32 bytes in unpadded "
        "base64url.",
        extra_json_schema={"format": "password"},
    ),
]


class PasskeyOptionsRequest(Request, frozen=True):
    """`code` or `passkey`: of the second factor that there is already. `passkey`: AuthenticationResponseJSON."""

    password: Password
    code: FactorCode | None = None
    passkey: Assertion | None = None


class PasskeyRequest(Request, frozen=True):
    """`credential`: RegistrationResponseJSON, as `toJSON()` of the browser's credential gives it. `prf`: so that the
    passkey signs in by itself."""

    name: PasskeyName
    credential: NewCredential
    prf: Prf | None = None

    def __post_init__(self) -> None:
        prf_bytes(self.prf)
        if not self.name.isprintable() or not self.name.strip():
            raise ValueError("Expected a printable `name`")


class PasskeyLoginRequest(Request, frozen=True):
    """`credential`: AuthenticationResponseJSON."""

    credential: Assertion
    prf: Prf
    cookie: bool = False

    def __post_init__(self) -> None:
        prf_bytes(self.prf)


class EmailRequest(Request, frozen=True):
    password: Password
    email: Email

    def __post_init__(self) -> None:
        whole(EMAIL_PATTERN, self.email)
        if not self.email.isprintable():
            raise ValueError("Expected `email` of printable characters")  # It is shown on terminals, too.


class PasskeyAdded(msgspec.Struct, frozen=True, omit_defaults=True):
    """`opens`: it signs in by itself. `backup_codes`: with the first second factor, shown this once."""

    id: Id
    name: str
    opens: bool
    created_at: Time
    position: int
    backup_codes: list[str] | msgspec.UnsetType = msgspec.UNSET


class EmailAnswer(msgspec.Struct, frozen=True):
    user: UserView
    position: int


def prf_bytes(text: str | None) -> bytes | None:
    """ValueError unless it is 32 bytes."""
    if text is None:
        return None
    data = decode(text)
    if len(data) != PRF_BYTES:
        raise ValueError(f"Expected `prf` of {PRF_BYTES} bytes")
    return data
