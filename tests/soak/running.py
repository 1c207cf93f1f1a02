"""One soak: a stack of its own, people on it for a while, and the questions at the end."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from service.house.queue_report import told
from service.machine.layout import Layout
from tests.e2e.people import Person, register
from tests.e2e.stack import ROLES, Role, Stack, running_stack
from tests.soak.folder import cries, failed_commits, given_up, is_idle, remains, unforgotten
from tests.soak.history import is_forgotten, read_history, untrue
from tests.soak.visitor import Visitor
from tests.soak.watch import Watch
from tests.waiting import wait_for

LOOK_S: Final = 10.0
SETTLE_S: Final = 300.0
STEADY_S: Final = 240.0  # Shorter runs never get warm, so nothing is said of growth.
Say = Callable[[str], None]
Pids = dict[Role, list[int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`faults`: what did not hold, a line each. `lines`: all there is to say."""

    faults: list[str]
    lines: list[str]


@dataclass(slots=True)
class Load:
    """What people did, and `lasted_s`: for how long, which is less than was planned where one of them had to stop."""

    visitors: list[Visitor] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    lasted_s: float = 0.0

    def growing(self) -> Iterator[str]:
        if self.lasted_s >= STEADY_S:
            yield from self.watch.growing()


def evidence(run: Callable[[Path], Outcome], say: Say) -> Outcome:
    """A run in a folder of its own, which goes when all held; else it stays, with the processes' log in it, and its
    path is said."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    held = False
    try:
        outcome = run(folder)
        held = not outcome.faults
    finally:
        if held:
            shutil.rmtree(folder)
        else:
            say(f"kept for a look: {folder}")
    return outcome


def soak(folder: Path, seconds: float, people: int, seed: int, say: Say) -> Outcome:
    with running_stack(folder) as stack:
        persons = [register(stack) for _ in range(people)]
        began = {role: stack.pids(role) for role in ROLES}
        load = asyncio.run(_load(stack, persons, seconds, seed, say))
        say("load is over; waiting for what is under way")
        faults = [*load.faults, *load.growing()]
        for person, visitor in zip(persons, load.visitors, strict=True):
            faults += _differences(person, visitor)
            person.http.close()
        faults += [*_unsound(stack), *replaced(began, {role: stack.pids(role) for role in ROLES})]
        if stack.stop() != 0:
            faults.append("it did not stop well")
        faults += [*_verified(stack), *unforgotten(remains(stack.data), [each.ledger for each in load.visitors])]
        with stack.log.open(errors="replace") as log:
            faults += cries(log)
    return Outcome(faults, [*_told(load), *load.watch.lines(), *(faults or ["everything held"])])


async def _load(stack: Stack, persons: list[Person], seconds: float, seed: int, say: Say) -> Load:
    enough, load = asyncio.Event(), Load()
    async with AsyncExitStack() as open_clients:
        for at, person in enumerate(persons):
            http = await open_clients.enter_async_context(_client(stack, person))
            load.visitors.append(Visitor(http, random.Random(seed * 1_000 + at)))
        living = [asyncio.create_task(visitor.live(enough)) for visitor in load.visitors]
        began_s = time.monotonic()
        while (left_s := seconds - load.lasted_s) > 0 and not any(task.done() for task in living):
            await asyncio.wait(living, timeout=min(left_s, LOOK_S), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(load.watch.look, stack)
            load.lasted_s = time.monotonic() - began_s
            say(f"{load.lasted_s:6.0f} s  {sum(each.done.total() for each in load.visitors)} things done")
        enough.set()
        ended = await asyncio.gather(*living, return_exceptions=True)
    load.faults += [f"{type(each).__name__}: {each}" for each in ended if isinstance(each, BaseException)]
    return load


def _client(stack: Stack, person: Person) -> httpx.AsyncClient:
    head = {"Authorization": f"Bearer {person.token}"}
    return httpx.AsyncClient(base_url=stack.api, headers=head, timeout=120.0, trust_env=False)


def _differences(person: Person, visitor: Visitor) -> list[str]:
    """What is not as it was acknowledged, once all files are through and all that was deleted is erased."""
    ledger = visitor.ledger

    def settled() -> bool:
        files = [file for page in person.pages(200, include="files") for file in page["files"]]
        return all(file["status"] != "processing" for file in files)

    def forgotten() -> bool:
        return is_forgotten(ledger, read_history(person.http))

    found = [*_waited(settled, "files to be processed"), *_waited(forgotten, "what was deleted to be erased")]
    found += ledger.differences(person.pages(200))
    found += untrue(ledger, read_history(person.http))
    return [*found, *visitor.ear.faults, *visitor.ear.missed(ledger)]


def _waited(condition: Callable[[], bool], what: str) -> Iterator[str]:
    try:
        wait_for(condition, what, SETTLE_S)
    except AssertionError as error:
        yield str(error)


def _unsound(stack: Stack) -> Iterator[str]:
    since_us = time.time_ns() // 1_000
    yield from _waited(lambda: is_idle(stack.data, since_us), "the queues and the spool to be empty")
    yield from given_up(told(Layout(stack.data)))
    token = Layout(stack.data).operator_token.read_text().strip()
    answer = httpx.get(f"{stack.url}/metrics", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    yield from failed_commits(answer.text)
    if missing := stack.missing():
        yield f"not ready at the end: {missing}"
    checked = stack.command("projections", "check")
    if checked.returncode != 0:
        yield f"rebuilt tables differ: {checked.stdout.strip()[:500]}"


def replaced(before: Pids, after: Pids) -> Iterator[str]:
    """A line for each part whose processes are not those that began: whatever died came back unseen."""
    for role, pids in before.items():
        if not pids or sorted(pids) != sorted(after[role]):
            yield f"{role}: process {sorted(pids)} at the start, {sorted(after[role])} at the end"


def _verified(stack: Stack) -> Iterator[str]:
    """Stopped: the last checkpoint covers everything."""
    for words in (("log", "verify"), ("blobs", "check")):
        checked = stack.command(*words)
        if checked.returncode != 0:
            yield f"{' '.join(words)}: {(checked.stdout + checked.stderr).strip()[:500]}"


def _told(load: Load) -> Iterator[str]:
    done = sum((visitor.done for visitor in load.visitors), Counter[str]())
    heard = sum(visitor.ear.heard for visitor in load.visitors)
    yield f"{len(load.visitors)} people, {load.lasted_s:.0f} s, {heard} events heard"
    for name, count in done.most_common():
        yield f"{name:24} {count}"
