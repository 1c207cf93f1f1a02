"""From what a person types to keys."""

import unicodedata

import pytest
from argon2.low_level import Type, core, ffi, lib  # type: ignore[attr-defined]  # Not in its __all__.
from hypothesis import given
from hypothesis import strategies as st

from vault.errors import CodeMalformed, ParamsRefused
from vault.kdf import (
    FLOOR,
    PasswordParams,
    ServerKey,
    auth_verifier,
    new_recovery_code,
    normalise_password,
    password_keys,
    recovery_keys,
    verify,
)

SALT = bytes(range(16))
PEPPER = b"p" * 32
CHEAP = PasswordParams(salt=SALT, time_cost=FLOOR.time_cost, memory_kib=FLOOR.memory_kib, parallelism=FLOOR.parallelism)


RFC_9106_INPUTS = [(1, 32), (2, 16), (3, 8), (4, 12)]  # Each a byte and how often.


def test_argon2id_agrees_with_rfc_9106_section_5_3() -> None:
    """The vector uses a secret and associated data, which only the core call takes."""
    out = ffi.new("uint8_t[]", 32)
    password, salt, secret, data = (ffi.new("uint8_t[]", bytes([n]) * size) for n, size in RFC_9106_INPUTS)
    context = ffi.new(
        "argon2_context *",
        {
            "out": out,
            "outlen": 32,
            "version": 0x13,
            "pwd": password,
            "pwdlen": 32,
            "salt": salt,
            "saltlen": 16,
            "secret": secret,
            "secretlen": 8,
            "ad": data,
            "adlen": 12,
            "t_cost": 3,
            "m_cost": 32,
            "lanes": 4,
            "threads": 1,
            "allocate_cbk": ffi.NULL,
            "free_cbk": ffi.NULL,
            "flags": lib.ARGON2_DEFAULT_FLAGS,
        },
    )
    assert core(context, Type.ID.value) == lib.ARGON2_OK
    assert bytes(ffi.buffer(out, 32)).hex() == ("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")


def test_the_same_password_gives_the_same_two_independent_keys() -> None:
    first, second = (password_keys(b"a long password", CHEAP, PEPPER) for _ in range(2))
    assert (first.auth, first.kek) == (second.auth, second.kek)
    assert first.auth != first.kek


def test_these_keys_never_change_between_releases() -> None:
    """Golden: a change here locks every account out."""
    keys = password_keys(b"a long password", CHEAP, PEPPER)
    assert (keys.auth.hex(), keys.kek.hex()) == (
        "fef03779a060d37c4b1126dbfd6e2163b09ab9549c1a2ae5cba4b00d8720407a",
        "25e3a9447410c04714f84922d180a88f7344df19f6824e01148f5b44e1d0805c",
    )


@pytest.mark.parametrize(
    ("password", "params", "pepper"),
    [
        (b"another password", CHEAP, PEPPER),
        (
            b"a long password",
            PasswordParams(salt=bytes(16), time_cost=2, memory_kib=19_456, parallelism=1),
            PEPPER,
        ),
        (
            b"a long password",
            PasswordParams(salt=SALT, time_cost=3, memory_kib=19_456, parallelism=1),
            PEPPER,
        ),
        (b"a long password", CHEAP, b"q" * 32),
    ],
)
def test_password_salt_cost_and_pepper_all_count(password: bytes, params: PasswordParams, pepper: bytes) -> None:
    expected = password_keys(b"a long password", CHEAP, PEPPER)
    assert password_keys(password, params, pepper).auth != expected.auth


@pytest.mark.parametrize(
    "change",
    [
        {"time_cost": 1},
        {"memory_kib": 19_455},
        {"parallelism": 0},
        {"salt": bytes(15)},
        {"time_cost": 17},
        {"memory_kib": 1_048_577},
        {"parallelism": 17},
    ],
)
def test_downgraded_and_exorbitant_costs_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ParamsRefused):
        PasswordParams(**{"salt": SALT, **change})  # type: ignore[arg-type]  # One odd field at a time.


def test_the_default_costs_are_the_designs() -> None:
    params = PasswordParams(salt=SALT)
    assert (params.time_cost, params.memory_kib, params.parallelism) == (3, 65_536, 4)


def test_a_verifier_knows_its_own_key_only() -> None:
    assert verify(b"a" * 32, auth_verifier(b"a" * 32))
    assert not verify(b"b" * 32, auth_verifier(b"a" * 32))


def test_composed_and_decomposed_letters_are_one_password() -> None:
    composed, decomposed = "gr\u00fc\u00dfe an alle", unicodedata.normalize("NFD", "gr\u00fc\u00dfe an alle")
    assert composed != decomposed
    assert normalise_password(composed) == normalise_password(decomposed) == composed.encode()


def test_secrets_do_not_show_themselves() -> None:
    keys = password_keys(b"a long password", CHEAP, PEPPER)
    for shown in (repr(keys), repr(ServerKey(b"k" * 32))):
        assert keys.auth.hex() not in shown
        assert "kkkk" not in shown
        assert "auth" not in shown


def test_the_server_key_is_split_by_purpose() -> None:
    key = ServerKey(bytes(32))
    purposes = {key.purpose(name) for name in ("pepper", "subject", "spool", "index", "checkpoint")}
    assert len(purposes) == 5
    with pytest.raises(ValueError, match="purpose"):
        key.purpose("everything")  # type: ignore[arg-type]  # What the type already forbids.
    with pytest.raises(ValueError, match="server key"):
        ServerKey(bytes(31))


def test_a_recovery_code_is_eight_groups_of_four() -> None:
    assert new_recovery_code(bytes(20)) == "-".join(["0000"] * 8)
    assert new_recovery_code(b"\xff" * 20) == "-".join(["ZZZZ"] * 8)
    with pytest.raises(ValueError, match="20 bytes"):
        new_recovery_code(bytes(16))


@given(st.binary(min_size=20, max_size=20))
def test_a_code_opens_however_it_is_typed(random: bytes) -> None:
    code = new_recovery_code(random)
    expected = recovery_keys(code, "u1", PEPPER)
    for typed in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f"  {code}\n",
        code.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
    ):
        assert recovery_keys(typed, "u1", PEPPER).kek == expected.kek


def test_a_code_is_bound_to_its_account_and_server() -> None:
    code = new_recovery_code(bytes(range(20)))
    kek = recovery_keys(code, "u1", PEPPER).kek
    others = [
        recovery_keys(code, "u2", PEPPER).kek,
        recovery_keys(code, "u1", b"q" * 32).kek,
        recovery_keys(code, "u1", PEPPER).auth,
        recovery_keys(new_recovery_code(bytes(20)), "u1", PEPPER).kek,
    ]
    assert kek not in others


@pytest.mark.parametrize("typed", ["", "0000", "U" * 32, "0" * 31, "0" * 33, "0" * 31 + "é", "-" * 1000 + "0" * 32])
def test_what_cannot_be_a_code_is_refused(typed: str) -> None:
    with pytest.raises(CodeMalformed):
        recovery_keys(typed, "u1", PEPPER)
