"""Reading ahead changes nothing but the time it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from service.ahead import DEPTH, read_ahead


def reading() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_all_pieces_come_in_their_order() -> None:
    pieces = [bytes([number]) for number in range(50)]
    with read_ahead(pieces) as ahead:
        assert list(ahead) == pieces
    assert reading() == []


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("broken")

    with read_ahead(broken()) as ahead:
        assert next(ahead) == b"one"
        with pytest.raises(ValueError, match="broken"):
            next(ahead)


def test_leaving_early_ends_the_thread() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"more"

    with read_ahead(endless()) as ahead:
        next(ahead)
    assert reading() == []
    assert taken <= DEPTH + 3
