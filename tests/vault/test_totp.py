"""Codes as authenticators make them, and codes as people type them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from vault.backup_codes import CODES, RANDOM_BYTES, new_backup_codes, read_backup_code
from vault.errors import CodeMalformed
from vault.totp import STEP_S, code_at, matching_step, provisioning_uri, secret_text

SECRET = b"12345678901234567890"
VECTORS = [  # RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]


@pytest.mark.parametrize(("at_s", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(at_s: int, code: str) -> None:
    assert code_at(SECRET, at_s // STEP_S) == code.encode()
    assert matching_step(SECRET, code, at_s * 1_000_000) == at_s // STEP_S


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_around_its_own(steps: int, counts: bool) -> None:
    at_us = 1_234_567_890_000_000
    step = at_us // (STEP_S * 1_000_000) + steps
    found = matching_step(SECRET, code_at(SECRET, step).decode(), at_us)
    assert found == (step if counts else None)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "287083", "28708²", "x" * 1_000])
def test_what_is_no_code_of_this_moment_is_none(code: str) -> None:
    assert matching_step(SECRET, code, 59_000_000) is None


def test_the_picture_and_the_text_hold_the_same_secret() -> None:
    uri = urlsplit(provisioning_uri(SECRET, "ada l:ovelace"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == "/Strongroom:ada%20l%3Aovelace"
    fields = parse_qs(uri.query)
    assert fields["secret"] == [secret_text(SECRET)]
    assert (fields["issuer"], fields["digits"], fields["period"]) == (["Strongroom"], ["6"], ["30"])


def test_back_up_codes_are_ten_different_ones_that_can_be_copied_by_hand() -> None:
    codes = new_backup_codes(bytes(range(RANDOM_BYTES)))
    assert len(set(codes)) == CODES == 10
    assert all(len(code) == 11 and code[5] == "-" and not set(code) & set("ILOU") for code in codes)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{bare}", "{spaced}", "{confused}"])
def test_a_back_up_code_may_be_typed_sloppily(typed: str) -> None:
    code = new_backup_codes(bytes(RANDOM_BYTES - 1) + b"\x21")[-1]
    assert code == "00000-00011"
    text = typed.format(
        code,
        lower=code.lower(),
        bare=code.replace("-", ""),
        spaced=" ".join(code),
        confused=code.replace("0", "o").replace("1", "l"),
    )
    assert read_backup_code(text) == b"\x00" * 6 + b"\x21"


@pytest.mark.parametrize("text", ["", "00000-0001", "00000-000111", "00000-0001U", "0" * 41, "é" * 10, "٠" * 10])
def test_what_cannot_be_a_back_up_code_is_refused(text: str) -> None:
    with pytest.raises(CodeMalformed):
        read_backup_code(text)


def test_back_up_codes_are_made_from_as_many_bytes_as_they_take() -> None:
    with pytest.raises(ValueError, match="70 bytes"):
        new_backup_codes(bytes(20))
