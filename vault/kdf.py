"""From what a person knows to keys: passwords (slow, peppered), recovery codes (fast, peppered), the server's
key.

References: RFC 9106 (Argon2), RFC 5869 (HKDF), OWASP Password Storage (the floor).
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, get_args

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault import crockford
from vault.errors import ParamsRefused
from vault.passwords import weak_password
from vault.seal import KEY_BYTES, derive

__all__ = [
    "CEILING",
    "CODE_RANDOM_BYTES",
    "FLOOR",
    "Cost",
    "PasswordKeys",
    "PasswordParams",
    "ServerKey",
    "ServerPurpose",
    "auth_verifier",
    "new_recovery_code",
    "normalise_password",
    "password_keys",
    "recovery_keys",
    "verify",
    "weak_password",
]

ARGON2_VERSION: Final = 19
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What one Argon2id derivation takes: passes, KiB of memory, lanes."""

    time_cost: int
    memory_kib: int
    parallelism: int


FLOOR: Final = Cost(time_cost=2, memory_kib=19_456, parallelism=1)
"""OWASP's least. A stored value below it is a downgrade, not an old account: refused."""
CEILING: Final = Cost(time_cost=16, memory_kib=1_048_576, parallelism=16)
"""A forged record must not take the machine's memory or a minute of its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordParams:
    """How one password was stretched, stored beside its verifier. ParamsRefused outside FLOOR..CEILING."""

    salt: bytes
    time_cost: int = 3
    memory_kib: int = 65_536
    parallelism: int = 4

    def __post_init__(self) -> None:
        if not (
            len(self.salt) == SALT_BYTES
            and FLOOR.time_cost <= self.time_cost <= CEILING.time_cost
            and FLOOR.memory_kib <= self.memory_kib <= CEILING.memory_kib
            and FLOOR.parallelism <= self.parallelism <= CEILING.parallelism
        ):
            raise ParamsRefused("password parameters outside the accepted range")

    @property
    def outdated(self) -> bool:
        """Whether a password is stretched by more today, and in no respect by less."""
        now = PasswordParams(salt=self.salt)
        stored = (self.time_cost, self.memory_kib, self.parallelism)
        today = (now.time_cost, now.memory_kib, now.parallelism)
        return stored != today and all(cost <= most for cost, most in zip(stored, today, strict=True))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PasswordKeys:
    """Two independent keys, 32 bytes each. auth: proves knowledge, only its hash is stored; kek: wraps the
    user key.
    """

    auth: bytes
    kek: bytes


def normalise_password(text: str) -> bytes:
    """NFC, UTF-8: the same password typed on two keyboards is the same bytes.

    RFC 8265 §4.2 without its refusals.
    """
    return unicodedata.normalize("NFC", text).encode()


def password_keys(password: bytes, params: PasswordParams, pepper: bytes) -> PasswordKeys:
    """Argon2id v19, then HKDF with the pepper as salt. About 150 ms and `params.memory_kib`; releases the
    GIL.

    Stolen verifiers alone cannot be guessed at: without the pepper, which lies outside the keyring, no guess
    can be checked.
    """
    stretched = hash_secret_raw(
        password,
        params.salt,
        time_cost=params.time_cost,
        memory_cost=params.memory_kib,
        parallelism=params.parallelism,
        hash_len=KEY_BYTES,
        type=Type.ID,
        version=ARGON2_VERSION,
    )
    return _split(stretched, pepper, b"strongroom/v1/password/")


def auth_verifier(auth: bytes) -> bytes:
    """SHA-256 of `auth`, for the keyring. No salt: `auth` is a uniform 256-bit key, there is nothing to
    precompute.
    """
    return hashlib.sha256(auth).digest()


def verify(auth: bytes, verifier: bytes) -> bool:
    """Whether `auth` belongs to `verifier`, in time that does not depend on where they differ."""
    return hmac.compare_digest(auth_verifier(auth), verifier)


# --- recovery code
# -----------------------------------------------------------------------------------------------

CODE_RANDOM_BYTES: Final = 20
_GROUP_SYMBOLS: Final = 4
_CODE_SYMBOLS: Final = CODE_RANDOM_BYTES * 8 // crockford.SYMBOL_BITS


def new_recovery_code(random: bytes) -> str:
    """20 random bytes as eight groups of four Crockford symbols: 160 bits, `XXXX-XXXX-…`.

    ValueError for other lengths.
    """
    if len(random) != CODE_RANDOM_BYTES:
        raise ValueError(f"a recovery code is made from {CODE_RANDOM_BYTES} bytes, not {len(random)}")
    return crockford.spell(int.from_bytes(random, "big"), _CODE_SYMBOLS, _GROUP_SYMBOLS)


def recovery_keys(code: str, user_id: str, pepper: bytes) -> PasswordKeys:
    """The keys of a recovery code as a person typed it: any case, spaces, dashes, O for 0, I or L for 1.

    HKDF alone: stretching slows guessing, and nobody guesses one of 2^160 codes. The user id is bound, so
    that one code opens one account. CodeMalformed for text that cannot be a code.
    """
    return _split(_code_bytes(code), pepper, b"strongroom/v1/recovery/" + user_id.encode() + b"/")


def _code_bytes(code: str) -> bytes:
    return crockford.read(code, _CODE_SYMBOLS).to_bytes(CODE_RANDOM_BYTES, "big")


def _split(secret: bytes, pepper: bytes, label: bytes) -> PasswordKeys:
    def expand(part: bytes) -> bytes:
        return HKDF(hashes.SHA256(), KEY_BYTES, pepper, label + part).derive(secret)

    return PasswordKeys(auth=expand(b"auth"), kek=expand(b"kek"))


# --- server key
# --------------------------------------------------------------------------------------------------

ServerPurpose = Literal["pepper", "subject", "spool", "index", "checkpoint", "check", "kept", "backup"]


class ServerKey:
    """The server's 32 bytes, only ever used split by purpose, so that one use never lends its key to
    another. No repr.
    """

    __slots__ = ("_key", "_pepper")

    def __init__(self, key: bytes, pepper: bytes | None = None) -> None:
        """`pepper`: that of an earlier server key, which lives on when the key is replaced: what passwords were
        stretched to cannot be made again without them."""
        if len(key) != KEY_BYTES or (pepper is not None and len(pepper) != KEY_BYTES):
            raise ValueError(f"server key of {len(key)} bytes; expected {KEY_BYTES}")
        self._key = key
        self._pepper = pepper

    def keeping(self, pepper: bytes) -> "ServerKey":
        """This key, with the pepper of an earlier one."""
        return ServerKey(self._key, pepper)

    def purpose(self, name: ServerPurpose) -> bytes:
        """32 bytes for one purpose. ValueError for a name that is not one."""
        if name not in get_args(ServerPurpose):
            raise ValueError(f"unknown purpose of the server key: {name}")
        if name == "pepper" and self._pepper is not None:
            return self._pepper
        return derive(self._key, "server/" + name)
