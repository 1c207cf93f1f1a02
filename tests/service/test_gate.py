"""The gate before password hashing: bounded, off the event loop, and fair to whoever goes away."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.desk import gate as gate_module
from service.desk.gate import PasswordGate
from vault.errors import GateFull


def test_work_runs_off_the_event_loop_and_its_result_or_error_comes_back() -> None:
    async def story() -> None:
        gate = PasswordGate(1)
        assert await gate.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await gate.run(lambda: 1 // 0)
        assert await gate.run(lambda: "after an error") == "after an error"
        gate.close()

    asyncio.run(story())


def test_only_so_many_wait_and_the_next_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "WAITING_PER_THREAD", 2)

    async def story() -> None:
        gate, go = PasswordGate(2), threading.Event()
        waiting = [asyncio.create_task(gate.run(lambda: go.wait(10))) for _ in range(2 * (1 + 2))]
        await asyncio.sleep(0)
        with pytest.raises(GateFull) as full:
            await gate.run(lambda: None)
        assert full.value.retry_after_s >= 1
        go.set()
        assert await asyncio.gather(*waiting) == [True] * 6
        assert await gate.run(lambda: "room again") == "room again"
        gate.close()

    asyncio.run(story())


def test_no_more_threads_hash_than_were_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()
    pair = threading.Barrier(2)  # Two run at once, or nobody gets on.

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait(10)
        with lock:
            running -= 1

    async def story() -> None:
        gate = PasswordGate(2)
        await asyncio.gather(*(gate.run(work) for _ in range(20)))
        gate.close()

    asyncio.run(story())
    assert most == 2


def test_a_caller_who_goes_away_keeps_the_place_until_the_work_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "WAITING_PER_THREAD", 0)

    async def story() -> None:
        gate, go, ended = PasswordGate(1), threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            go.wait(10)
            loop.call_soon_threadsafe(ended.set)

        leaving = asyncio.create_task(gate.run(work))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with pytest.raises(GateFull):
            await gate.run(lambda: None)
        go.set()
        await asyncio.wait_for(ended.wait(), 10)
        await asyncio.wait_for(room(gate), 10)
        gate.close()

    asyncio.run(story())


async def room(gate: PasswordGate) -> None:
    """Returns once the gate takes work again."""
    while True:
        try:
            return await gate.run(lambda: None)
        except GateFull:
            await asyncio.sleep(0)
