"""Which passwords are refused, and that refusing is quick whatever is typed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import vault
from vault.passwords import weak_password


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "x" * 1025,
        "ü" * 513,
        "password1234",
        "Password123!",
        "passwordpassword",
        "PASSWORD....1999",
        "1qaz2wsx3edc",
        "qwertyuiop12",
        "iloveyou2024",
        "hunterhunterhunter",
        "1234qwer1234qwer",
        "aaaaaaaaaaaa",
        "123456789012",
        "987654321098",
        "abcdefghijklm",
        "121212121212",
        "alice.example",
        "alice@example.org",
        "alice.example12",
        "alice.examplealice.example",
    ],
)
def test_what_a_guesser_tries_first_is_refused_with_a_sentence(text: str) -> None:
    reason = weak_password(text, "Alice.Example", "alice@example.org")
    assert reason is not None
    assert reason.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery staple",
        "long enough pw",
        "summer rain on tin",
        "847362958172",
        "grüße an alle!",
        "alice.example likes long ones",
        "密码密碼暗証番号",
        "x7" + "q" * 1000,
    ],
)
def test_a_person_may_choose_anything_else(text: str) -> None:
    assert weak_password(text, "alice.example", "alice@example.org") is None


def test_no_text_holds_the_check_up() -> None:
    started = time.perf_counter()
    for text in (
        "4@8({[<369&#@1!|1|70$5+7%24@8({[<369&#@1!|1|" * 20,
        "ab" * 512,
        "a" * 1023 + "b",
        "1!" * 512,
    ):
        weak_password(text, "alice", "alice@example.org")
    assert time.perf_counter() - started < 2


def test_the_list_is_not_loaded_before_it_is_asked_for() -> None:
    probe = "import sys, vault.kdf; sys.exit('zxcvbn' in sys.modules)"
    checkout = Path(vault.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", probe], cwd=checkout, check=False).returncode == 0
