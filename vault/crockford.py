"""Codes that people copy by hand: Crockford's base 32, in groups, read as sloppily as it is typed."""

from __future__ import annotations

from typing import Final

from vault.errors import CodeMalformed

SYMBOL_BITS: Final = 5
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_SPREAD: Final = 4  # Characters typed for one symbol, at the most: what is longer is not looked at.


def spell(number: int, symbols: int, group: int) -> str:
    """The lowest `symbols` × 5 bits of `number`, with a dash between groups: `XXXX-XXXX`."""
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range(SYMBOL_BITS * (symbols - 1), -1, -SYMBOL_BITS))
    return "-".join(text[at : at + group] for at in range(0, symbols, group))


def read(text: str, symbols: int) -> int:
    """The number that `spell` was given, from what a person typed: any case, spaces, dashes, O for 0, I or L for 1.

    CodeMalformed for text that cannot be a code of so many symbols."""
    if len(text) > _SPREAD * symbols:
        raise CodeMalformed("not a code")
    typed = "".join(text.split()).upper().translate(_FORGIVEN)
    if len(typed) != symbols or not set(typed) <= set(_ALPHABET):
        raise CodeMalformed("not a code")
    number = 0
    for symbol in typed:
        number = number << SYMBOL_BITS | _ALPHABET.index(symbol)
    return number
