"""Names in an archive: for every file system, kept apart, and none that leads elsewhere."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.export.names import MAX_BYTES, Names, safe_name

ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(ODD)
def test_a_safe_name_is_a_plain_name_everywhere(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not set(safe) & set('<>:"/\\|?*\x00\n\r\t\u202e\u2028')
    assert safe not in (".", "..")
    assert not safe.startswith(".")
    assert not safe.endswith((" ", "."))
    assert len(safe.encode()) <= MAX_BYTES
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe) == safe


@given(st.lists(ODD | st.sampled_from(["a.txt", "A.TXT", "a (2).txt", "é", "e\u0301", "con", "ﬁ", "fi"]), max_size=40))
def test_no_two_names_are_one_on_any_file_system(names: list[str]) -> None:
    taking = Names()
    taken = [taking.take(name) for name in names]
    folded = {unicodedata.normalize("NFKC", name.casefold()).casefold() for name in taken}
    assert len(folded) == len(names)
    assert all("/" not in name and name not in (".", "..") for name in taken)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.txt", "notes.txt"),
        ("Mémo d’été 👋.pdf", "Mémo d’été 👋.pdf"),
        ("../../etc/passwd", "_.._._etc_passwd"),
        ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
        ("con.txt", "_con.txt"),
        ("COM1", "_COM1"),
        (".bashrc", "_.bashrc"),
        ("ends in dots...", "ends in dots"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("…", "…"),
        (" . ", "file"),
        ("a" * 400 + ".jpeg", "a" * 175 + ".jpeg"),
    ],
)
def test_names_stay_as_they_are_as_far_as_they_can(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_equal_names_are_counted() -> None:
    names = Names()
    assert [names.take("a.txt") for _ in range(3)] == ["a.txt", "a (2).txt", "a (3).txt"]
    assert names.take("A.txt") == "A (4).txt"
