"""What a browser and the server tell each other of passkeys, in JSON: WebAuthn Level 3, §5.1.8 to §5.1.10.

Bytes are unpadded base64url. Fields that browsers send beside these are passed over; what an extension gave the page,
the PRF's output above all, is not among them and is never to be sent along in them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

MAX_CREDENTIAL_ID_BYTES: Final = 1_023  # WebAuthn §4, "Credential ID".
_MAX_TEXT: Final = 16_384

Bytes = Annotated[str, Meta(max_length=_MAX_TEXT, description="Unpadded base64url.")]
CredentialId = Annotated[str, Meta(min_length=1, max_length=1_364, description="Unpadded base64url.")]


class Site(msgspec.Struct, frozen=True):
    """The page that a passkey is for: `origin` as the browser states it, `rp_id` its host. WebAuthn §5.1.2."""

    origin: str
    rp_id: str

    @classmethod
    def of(cls, origin: str) -> Site:
        return cls(origin, urlsplit(origin).hostname or "")


class _Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"  # Part of a body: it must not reach a log.


# -- what the server asks --------------------------------------------------------------------------------------


class RpEntity(_Wire, frozen=True):
    id: str
    name: str


class UserEntity(_Wire, frozen=True):
    id: str
    name: str
    display_name: str


class Algorithm(_Wire, frozen=True, omit_defaults=False):
    alg: int
    type: Literal["public-key"] = "public-key"


class Descriptor(_Wire, frozen=True, omit_defaults=False):
    id: str
    type: Literal["public-key"] = "public-key"


class Selection(_Wire, frozen=True, omit_defaults=False):
    resident_key: Literal["preferred"] = "preferred"
    require_resident_key: bool = False
    user_verification: Literal["required"] = "required"


class PrfValues(_Wire, frozen=True):
    first: str


class PrfInputs(_Wire, frozen=True):
    eval: PrfValues


class Extensions(_Wire, frozen=True):
    """§10.1.4: the salt for which the page is to ask the authenticator's pseudo-random function."""

    prf: PrfInputs


class CreationOptions(_Wire, frozen=True, omit_defaults=False):
    """PublicKeyCredentialCreationOptionsJSON."""

    rp: RpEntity
    user: UserEntity
    challenge: str
    pub_key_cred_params: list[Algorithm]
    timeout: int
    exclude_credentials: list[Descriptor]
    extensions: Extensions
    authenticator_selection: Selection = Selection()
    attestation: Literal["none"] = "none"


class RequestOptions(_Wire, frozen=True):
    """PublicKeyCredentialRequestOptionsJSON. Without `allow_credentials` the authenticator offers what it has."""

    challenge: str
    timeout: int
    rp_id: str
    user_verification: Literal["required"]
    allow_credentials: list[Descriptor] | msgspec.UnsetType = msgspec.UNSET
    extensions: Extensions | msgspec.UnsetType = msgspec.UNSET


# -- what the browser answers ----------------------------------------------------------------------------------


class AttestationPart(_Wire, frozen=True):
    client_data: Bytes = msgspec.field(name="clientDataJSON")
    attestation_object: Bytes


class NewCredential(_Wire, frozen=True, omit_defaults=False):
    """RegistrationResponseJSON."""

    id: CredentialId
    raw_id: CredentialId
    response: AttestationPart
    type: Literal["public-key"] = "public-key"


class AssertionPart(_Wire, frozen=True):
    client_data: Bytes = msgspec.field(name="clientDataJSON")
    authenticator_data: Bytes
    signature: Bytes
    user_handle: Annotated[str, Meta(max_length=88)] | None = None


class Assertion(_Wire, frozen=True, omit_defaults=False):
    """AuthenticationResponseJSON."""

    id: CredentialId
    raw_id: CredentialId
    response: AssertionPart
    type: Literal["public-key"] = "public-key"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """ValueError for what is not unpadded base64url of some bytes, in its one spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not base64url")
    return data


def to_json(value: _Wire) -> dict[str, Any]:
    """As plain values, for a problem document."""
    made: dict[str, Any] = msgspec.to_builtins(value)
    return made


PRF_SALT: Final = hashlib.sha256(b"strongroom/v1/passkey-prf").digest()
"""For which the authenticator is asked. The same everywhere and for ever: what it gives is secret and each credential's
own, and a salt that could be lost or changed, with the server key, say, would lock every passkey with it."""
EXTENSIONS: Final = Extensions(PrfInputs(PrfValues(encode(PRF_SALT))))
