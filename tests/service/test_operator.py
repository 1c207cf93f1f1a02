"""The operator's token: made once, kept privately, and nothing else matches."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.house.operator import OperatorToken
from service.machine.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


def test_the_first_start_makes_a_token_that_stays(layout: Layout) -> None:
    token = OperatorToken(layout, None).reveal()
    assert len(token) == 43
    assert OperatorToken(layout, None).matches(token)
    assert stat.S_IMODE(layout.operator_token.stat().st_mode) == 0o600


def test_processes_that_begin_together_have_the_same(layout: Layout) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {one.reveal() for one in pool.map(lambda _: OperatorToken(layout, None), range(16))}
    assert len(made) == 1


def test_one_that_is_given_needs_no_file(layout: Layout) -> None:
    assert OperatorToken(layout, "g" * 40).matches("g" * 40)
    assert not layout.operator_token.exists()


@pytest.mark.parametrize("shown", ["", " ", "é", "\udcff", "g" * 39, "g" * 41, "G" * 40])
def test_nothing_else_matches(layout: Layout, shown: str) -> None:
    assert not OperatorToken(layout, "g" * 40).matches(shown)


@pytest.mark.parametrize("held", [b"", b"short", b"\xff" * 40, b"two words that are long enough for it"])
def test_a_file_that_holds_no_token_is_refused(layout: Layout, held: bytes) -> None:
    layout.operator_token.write_bytes(held)
    with pytest.raises(RuntimeError, match=r"operator\.token must hold"):
        OperatorToken(layout, None)


def test_no_repr_tells_it(layout: Layout) -> None:
    assert "g" * 8 not in repr(OperatorToken(layout, "g" * 40))
