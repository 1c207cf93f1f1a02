"""The two ceremonies of WebAuthn: whether what a browser brings was made for this server, this purpose and this person,
with the person verified by the authenticator, and not before. WebAuthn Level 3, §7.1 and §7.2, through python-fido2.

Challenges are kept nowhere until they are answered: each carries its expiry and the server's HMAC over what it is for.
The answer, once its signature has held, is what spends it: whoever asks for challenges all day fills no store.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from service.factors.webauthn_wire import MAX_CREDENTIAL_ID_BYTES, Assertion, NewCredential, Site, decode, encode
from service.house.house import House

Purpose = Literal["register", "second-factor", "sign-in"]
ALGORITHMS: Final = {ES256.ALGORITHM: ES256, EdDSA.ALGORITHM: EdDSA, RS256.ALGORITHM: RS256}
"""Best first. RFC 9053 §2.1, §2.2; RFC 8812 §2."""
LIFE_US: Final = 300_000_000
TIMEOUT_MS: Final = 300_000
MAX_KEY_BYTES: Final = 1_100  # RSA of 8192 bits: a larger one only costs time.
MIN_RSA_BYTES: Final = 256
MAX_RSA_EXPONENT_BYTES: Final = 4
_RANDOM_BYTES: Final = 16
_BODY: Final = struct.Struct(f">{_RANDOM_BYTES}sQ")


class Refused(Exception):
    """It is not what it would have to be. Never said further: the difference would help whoever forges."""


class Challenge(msgspec.Struct, frozen=True):
    """What was asked. `tag`: 16 bytes that no other challenge has; µs."""

    raw: bytes
    tag: bytes
    expires_at_us: int


class Registered(msgspec.Struct, frozen=True):
    """A new credential: its id and its public key (a COSE_Key, RFC 9052 §7)."""

    challenge: Challenge
    credential_id: bytes
    public_key: bytes
    sign_count: int


class Asserted(msgspec.Struct, frozen=True):
    """An assertion whose signature holds."""

    challenge: Challenge
    sign_count: int


def new_challenge(house: House, purpose: Purpose, about: str) -> bytes:
    """56 bytes: random (16) ‖ expiry (uint64, µs) ‖ HMAC-SHA-256. `about`: whose, or what else it is bound to."""
    body = _BODY.pack(os.urandom(_RANDOM_BYTES), house.clock_us() + LIFE_US)
    return body + _mac(house, purpose, about, body)


def challenge_in(assertion: Assertion | NewCredential) -> bytes:
    """As the browser says that it was asked; Refused if it cannot have been."""
    with _refusing():
        return CollectedClientData(decode(assertion.response.client_data)).challenge


def open_challenge(house: House, raw: bytes, purpose: Purpose, about: str) -> Challenge:
    """Refused for one of another server, purpose or person. Of its expiry whoever spends it takes care."""
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if len(body) != _BODY.size or not hmac.compare_digest(mac, _mac(house, purpose, about, body)):
        raise Refused
    tag, expires_at_us = _BODY.unpack(body)
    return Challenge(raw, tag, expires_at_us)


def _mac(house: House, purpose: Purpose, about: str, body: bytes) -> bytes:
    return house.index("webauthn-challenge", f"{purpose}\x00{about}\x00{body.hex()}")


def registered(site: Site, challenge: Challenge, given: NewCredential) -> Registered:
    """§7.1. Attestation is neither asked for nor looked at: which maker's authenticator one has is one's own matter."""
    with _refusing():
        client_data = CollectedClientData(decode(given.response.client_data))
        response = RegistrationResponse(
            raw_id=decode(given.raw_id),
            response=AuthenticatorAttestationResponse(
                client_data=client_data,
                attestation_object=AttestationObject(decode(given.response.attestation_object)),
            ),
        )
        _require_top_level(client_data)
        made = _server(site).register_complete(_state(challenge), response)
        credential = made.credential_data
        if given.id != given.raw_id or credential is None or response.raw_id != credential.credential_id:
            raise Refused
        if len(credential.credential_id) > MAX_CREDENTIAL_ID_BYTES:
            raise Refused
        public_key = cbor.encode(credential.public_key)
        _require_usable(public_key)
    return Registered(challenge, credential.credential_id, public_key, made.counter)


def asserted(site: Site, challenge: Challenge, public_key: bytes, given: Assertion) -> Asserted:
    """§7.2, but for the signature counter, which is compared where it is kept."""
    with _refusing():
        credential_id = decode(given.raw_id)
        client_data = CollectedClientData(decode(given.response.client_data))
        authenticator_data = AuthenticatorData(decode(given.response.authenticator_data))
        response = AuthenticationResponse(
            raw_id=credential_id,
            response=AuthenticatorAssertionResponse(
                client_data=client_data,
                authenticator_data=authenticator_data,
                signature=decode(given.response.signature),
            ),
        )
        _require_top_level(client_data)
        key = AttestedCredentialData.create(Aaguid.NONE, credential_id, CoseKey.parse(_cose(public_key)))
        _server(site).authenticate_complete(_state(challenge), [key], response)
        if given.id != given.raw_id:
            raise Refused
    return Asserted(challenge, authenticator_data.counter)


def _server(site: Site) -> Fido2Server:
    """The library's own check of an origin lets every subdomain pass, and every port."""
    rp = PublicKeyCredentialRpEntity(name="Strongroom", id=site.rp_id)
    return Fido2Server(rp, verify_origin=lambda origin: origin == site.origin)


def _state(challenge: Challenge) -> Mapping[str, Any]:
    return {"challenge": encode(challenge.raw), "user_verification": UserVerificationRequirement.REQUIRED}


def _require_top_level(client_data: CollectedClientData) -> None:
    """No page of somebody else's shows ours in a frame, and asks there."""
    if client_data.cross_origin is not False:
        raise Refused


def _require_usable(public_key: bytes) -> None:
    """A key of an algorithm that was asked for, that a signature can be checked with, at a bounded cost."""
    if len(public_key) > MAX_KEY_BYTES:
        raise Refused
    key = CoseKey.parse(_cose(public_key))
    if type(key) not in ALGORITHMS.values():
        raise Refused
    if isinstance(key, RS256) and (
        len(key[-1].lstrip(b"\x00")) < MIN_RSA_BYTES or len(key[-2].lstrip(b"\x00")) > MAX_RSA_EXPONENT_BYTES
    ):
        raise Refused
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return
    raise Refused


def _cose(public_key: bytes) -> Mapping[int, Any]:
    key: Any = cbor.decode(public_key)
    if not isinstance(key, dict):
        raise Refused
    return key


@contextmanager
def _refusing() -> Iterator[None]:
    """Around parsers that read what a stranger sent."""
    try:
        yield
    except Refused:
        raise
    except Exception:  # noqa: BLE001  (whatever they stumble over, in whatever way: it is not what it should be)
        raise Refused from None
