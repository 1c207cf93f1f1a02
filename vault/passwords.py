"""Passwords too common to keep: no composition rules, only what a guesser tries first.

The list is zxcvbn's, 30,000 passwords by frequency in public leaks. Its estimator is not used: text made for
it (dense in letter substitutions) holds it for seconds, and anybody may register. All here is linear in the
text.
"""

import unicodedata
from functools import cache
from itertools import pairwise
from typing import Final

MIN_BYTES: Final = 12
MAX_BYTES: Final = 1024

_LEAST_OWN_SYMBOLS: Final = 5  # What has to be left of a password once the person's own name is taken out.


def weak_password(text: str, username: str, email: str) -> str | None:
    """Why the password is refused, as a sentence for its owner; None if it is accepted."""
    normal = unicodedata.normalize("NFC", text)
    size_bytes = len(normal.encode())
    if size_bytes < MIN_BYTES:
        return f"Use at least {MIN_BYTES} bytes."
    if size_bytes > MAX_BYTES:
        return f"Use at most {MAX_BYTES} bytes."
    folded = normal.casefold()
    unit = _repeated_unit(folded)
    if _is_run(folded) or _is_run(unit):
        return "This is a run of neighbouring characters, among the first that a guesser tries."
    for name in {username.casefold(), email.casefold(), email.casefold().partition("@")[0]} - {""}:
        if name in folded and len(folded.replace(name, "")) < _LEAST_OWN_SYMBOLS:
            return "This is little more than your own name."
    core = folded.strip("0123456789!?.,;:*#$%&@+-_=/ ")
    if not {folded, unit, core, _repeated_unit(core)}.isdisjoint(_common_passwords()):
        return "This is among the commonest passwords, or one of them with digits or signs around it."
    return None


def _repeated_unit(text: str) -> str:
    """The shortest piece whose repetition is the text: "abab" gives "ab"; "abc" gives itself."""
    return text[: (text + text).find(text, 1)]


def _is_run(text: str) -> bool:
    """All steps between neighbours equal and at most one, digits in a circle: aaaa, abcd, 4321, 8901."""
    steps = set()
    for left, right in pairwise(text):
        step = ord(right) - ord(left)
        if left.isdecimal() and right.isdecimal() and abs(step) == 9:
            step //= -9
        steps.add(step)
    return len(steps) <= 1 and steps <= {-1, 0, 1}


@cache
def _common_passwords() -> frozenset[str]:
    # Loaded at the first use: 50 ms and some megabytes that a worker never needs. (It ships no types.)
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # noqa: PLC0415  (see above)

    return frozenset(FREQUENCY_LISTS["passwords"])
