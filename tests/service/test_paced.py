"""Long work beside an event loop rests as long as it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import closing

import pytest

from service.machine.paced import PacedThread


@pytest.fixture
def paced() -> Iterator[PacedThread]:
    with closing(PacedThread("paced")) as thread:
        yield thread


def busy(cpu_s: float) -> float:
    """Computes for so long; the thread's own time then."""
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass
    return time.thread_time()


def test_it_takes_half_of_the_time_at_most(paced: PacedThread) -> None:
    began_s = time.monotonic()
    pieces = [paced.submit(lambda: busy(0.01)) for _ in range(21)]
    for piece in pieces:
        piece.result(30)
    assert time.monotonic() - began_s >= 2 * 20 * 0.01


def test_after_a_fault_it_rests_too_and_goes_on(paced: PacedThread) -> None:
    def fails() -> None:
        busy(0.05)
        raise ZeroDivisionError

    began_s = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        paced.submit(fails).result(30)
    assert paced.submit(lambda: "well").result(30) == "well"
    assert time.monotonic() - began_s >= 0.1


def test_who_waits_for_something_else_owes_no_rest(paced: PacedThread) -> None:
    paced.submit(lambda: time.sleep(0.5)).result(30)
    began_s = time.monotonic()
    paced.submit(lambda: None).result(30)
    assert time.monotonic() - began_s < 0.5


def test_it_ends_with_the_piece_that_it_is_at(paced: PacedThread) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held() -> bool:
        begun.set()
        return go_on.wait(10)

    first = paced.submit(held)
    second = paced.submit(lambda: "never")
    assert begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    paced.close()
    assert first.result(0) is True
    with pytest.raises(CancelledError):
        second.result(0)
    with pytest.raises(RuntimeError):
        paced.submit(lambda: None)
