"""What may stand in a file's name."""

from __future__ import annotations

import pytest

from api.names import MAX_NAME_CHARS, is_name


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "Zoë.pdf",
        "写真.jpg",
        "family 👨\u200d👩\u200d👧.jpg",
        "می\u200cخواهم.pdf",
        "<img onerror>.png",
        "x" * MAX_NAME_CHARS,
    ],
    ids=ascii,
)
def test_names_that_people_give_are_taken(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a\x00b", "invoice\u202egpj.exe", "\u2066x", "a\u2028b", "x" * (MAX_NAME_CHARS + 1)], ids=ascii
)
def test_names_that_cannot_be_seen_or_deceive_are_refused(name: str) -> None:
    assert not is_name(name)
