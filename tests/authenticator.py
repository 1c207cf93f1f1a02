"""An authenticator made of software: passkeys with ES256, EdDSA or RS256, no attestation, a PRF, and a person who is
always there. What it should not do, it does when it is told to. CTAP 2.2; WebAuthn Level 3, §6."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2.cose import CoseKey
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Algorithm = Literal["ES256", "EdDSA", "RS256"]


@dataclass(slots=True)
class Credential:
    """`secret`: what the PRF is made of."""

    id: bytes
    rp_id: str
    user_handle: bytes
    private: PrivateKey
    secret: bytes
    sign_count: int = 0


@dataclass(slots=True)
class Authenticator:
    """`origin`: the page that asks. The other fields change what comes of the next call."""

    origin: str
    verified: bool = True
    counts: bool = True
    cross_origin: bool = False
    rp_id: str | None = None
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], algorithm: Algorithm = "ES256") -> dict[str, Any]:
        """RegistrationResponseJSON from PublicKeyCredentialCreationOptionsJSON."""
        rp_id = self.rp_id or options["rp"]["id"]
        private, public = _new_key(algorithm)
        credential = Credential(os.urandom(32), rp_id, decode(options["user"]["id"]), private, os.urandom(32))
        self.credentials.append(credential)
        attested = AttestedCredentialData.create(Aaguid.NONE, credential.id, public)
        data = AuthenticatorData.create(_hash(rp_id.encode()), self._flags() | FLAG.AT, 0, attested)
        attestation = AttestationObject.create("none", data, {})
        return {
            **_named(credential),
            "response": {
                "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
                "attestationObject": encode(attestation),
                "transports": ["internal"],
            },
        }

    def get(self, options: Mapping[str, Any], credential: Credential | None = None) -> dict[str, Any]:
        """AuthenticationResponseJSON from PublicKeyCredentialRequestOptionsJSON; of the newest that is allowed, unless
        told which."""
        allowed = {decode(one["id"]) for one in options.get("allowCredentials", [])}
        found = credential or next(one for one in reversed(self.credentials) if not allowed or one.id in allowed)
        found.sign_count += self.counts
        rp_id = self.rp_id or options["rpId"]
        data = AuthenticatorData.create(_hash(rp_id.encode()), self._flags(), found.sign_count)
        client_data = self._client_data("webauthn.get", options["challenge"])
        return {
            **_named(found),
            "response": {
                "clientDataJSON": client_data,
                "authenticatorData": encode(data),
                "signature": encode(_sign(found.private, data + _hash(decode(client_data)))),
                "userHandle": encode(found.user_handle),
            },
        }

    def prf(self, options: Mapping[str, Any], credential: Credential | None = None) -> str:
        """What the extension gives for the salt that is asked for, as a client sends it on. §10.1.4."""
        found = credential or self.credentials[-1]
        salt = decode(options["extensions"]["prf"]["eval"]["first"])
        return encode(hmac.digest(found.secret, _hash(b"WebAuthn PRF\x00" + salt), "sha256"))

    def _flags(self) -> AuthenticatorData.FLAG:
        return FLAG.UP | FLAG.UV if self.verified else FLAG.UP

    def _client_data(self, kind: str, challenge: str) -> str:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return encode(json.dumps(said).encode())


def encode(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _named(credential: Credential) -> dict[str, Any]:
    return {
        "id": encode(credential.id),
        "rawId": encode(credential.id),
        "type": "public-key",
        "clientExtensionResults": {},
        "authenticatorAttachment": "platform",
    }


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _new_key(algorithm: Algorithm) -> tuple[PrivateKey, CoseKey]:
    """And the public part as a COSE_Key: RFC 9053 §7.1, RFC 8230 §4."""
    match algorithm:
        case "ES256":
            curve = ec.generate_private_key(ec.SECP256R1())
            point = curve.public_key().public_numbers()
            return curve, CoseKey(
                {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
            )
        case "EdDSA":
            edwards = ed25519.Ed25519PrivateKey.generate()
            return edwards, CoseKey({1: 1, 3: -8, -1: 6, -2: edwards.public_key().public_bytes_raw()})
        case "RS256":
            modular = rsa.generate_private_key(65_537, 2_048)
            numbers = modular.public_key().public_numbers()
            return modular, CoseKey({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"})


def _sign(private: PrivateKey, message: bytes) -> bytes:
    match private:
        case ec.EllipticCurvePrivateKey():
            return private.sign(message, ec.ECDSA(hashes.SHA256()))
        case ed25519.Ed25519PrivateKey():
            return private.sign(message)
        case rsa.RSAPrivateKey():
            return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
