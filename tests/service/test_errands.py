"""What is left to be done after an answer: done, or dropped, and never waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from service.house import errands
from service.house.errands import Errands
from vault.errors import KeyringFull

WAIT_S = 10.0


@pytest.fixture
def lane() -> Iterator[Errands]:
    lane = Errands()
    yield lane
    lane.close()


def held(lane: Errands) -> threading.Event:
    """Its thread is busy until the event is set."""
    busy, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert let_go.wait(WAIT_S)

    lane.add("hold", hold)
    assert busy.wait(WAIT_S)
    return let_go


def test_of_two_of_one_name_that_wait_one_is_done(lane: Errands) -> None:
    let_go, done = held(lane), []
    assert lane.add("note", lambda: done.append("first"))
    assert not lane.add("note", lambda: done.append("second"))
    let_go.set()
    lane.close()
    assert done == ["first"]


def test_what_comes_up_while_it_runs_is_done_again(lane: Errands) -> None:
    let_go, done = held(lane), []
    assert lane.add("hold", lambda: done.append("again"))
    let_go.set()
    lane.close()
    assert done == ["again"]


def test_so_many_wait_and_no_more(lane: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "MOST", 2)
    let_go = held(lane)
    assert [lane.add(name, lambda: None) for name in ("one", "two", "three")] == [True, True, False]
    let_go.set()


def test_a_failure_stops_nothing_behind_it(lane: Errands) -> None:
    done = []
    for number, fault in enumerate((KeyringFull(), ValueError("a fault of ours"))):

        def fail(fault: Exception = fault) -> None:
            raise fault

        lane.add(f"fail/{number}", fail)
    lane.add("note", lambda: done.append("done"))
    lane.close()
    assert done == ["done"]


def test_closing_ends_what_waits_and_takes_no_more(lane: Errands) -> None:
    done: list[str] = []
    lane.add("note", lambda: done.append("done"))
    lane.close()
    lane.close()
    assert done == ["done"]
    assert not lane.add("late", lambda: done.append("late"))
