"""One soak: a stack of its own, people on it for a while, and the questions at the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.e2e.people import Person, register
from tests.e2e.stack import Stack, running_stack
from tests.soak.visitor import Visitor
from tests.soak.watch import Watch
from tests.waiting import wait_for

LOOK_S: Final = 10.0
SETTLE_S: Final = 300.0
STEADY_S: Final = 240.0  # Shorter runs never get warm, so nothing is said of growth.
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`faults`: what did not hold, a line each. `lines`: all there is to say."""

    faults: list[str]
    lines: list[str]


def soak(folder: Path, seconds: float, people: int, seed: int, say: Say) -> Outcome:
    with running_stack(folder) as stack:
        persons = [register(stack) for _ in range(people)]
        watch = Watch()
        visitors, faults = asyncio.run(_load(stack, persons, seconds, seed, watch, say))
        say("load is over; waiting for what is under way")
        for person, visitor in zip(persons, visitors, strict=True):
            faults += _differences(person, visitor)
            person.http.close()
        watch.look(stack)
        if seconds >= STEADY_S:
            faults += list(watch.growing())
        faults += list(_unsound(stack))
        if stack.stop() != 0:
            faults.append("it did not stop well")
        faults += list(_verified(stack))
    return Outcome(faults, [*_told(visitors, seconds), *watch.lines(), *(faults or ["everything held"])])


async def _load(
    stack: Stack, persons: list[Person], seconds: float, seed: int, watch: Watch, say: Say
) -> tuple[list[Visitor], list[str]]:
    enough = asyncio.Event()
    async with AsyncExitStack() as open_clients:
        visitors = []
        for at, person in enumerate(persons):
            http = await open_clients.enter_async_context(
                httpx.AsyncClient(
                    base_url=stack.api,
                    headers={"Authorization": f"Bearer {person.token}"},
                    timeout=120.0,
                    trust_env=False,
                )
            )
            visitors.append(Visitor(http, random.Random(seed * 1_000 + at)))
        living = [asyncio.create_task(visitor.live(enough)) for visitor in visitors]
        began_s = time.monotonic()
        while (left_s := seconds - (time.monotonic() - began_s)) > 0 and not any(task.done() for task in living):
            await asyncio.wait(living, timeout=min(left_s, LOOK_S), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(watch.look, stack)
            say(f"{time.monotonic() - began_s:6.0f} s  {sum(each.done.total() for each in visitors)} things done")
        enough.set()
        ended = await asyncio.gather(*living, return_exceptions=True)
    return visitors, [f"{type(each).__name__}: {each}" for each in ended if isinstance(each, BaseException)]


def _differences(person: Person, visitor: Visitor) -> list[str]:
    """What is not as it was acknowledged, once all files are through."""

    def settled() -> bool:
        files = [file for page in person.pages(200, include="files") for file in page["files"]]
        there = {file["file_id"] for file in files}
        return all(file["status"] != "processing" for file in files) and not there & visitor.ledger.gone

    try:
        wait_for(settled, "files to be processed", SETTLE_S)
    except AssertionError as error:
        return [str(error)]
    return list(visitor.ledger.differences(person.pages(200)))


def _unsound(stack: Stack) -> Iterator[str]:
    if missing := stack.missing():
        yield f"not ready at the end: {missing}"
    checked = stack.command("projections", "check")
    if checked.returncode != 0:
        yield f"rebuilt tables differ: {checked.stdout.strip()[:500]}"


def _verified(stack: Stack) -> Iterator[str]:
    """Stopped: the last checkpoint covers everything."""
    for words in (("log", "verify"), ("blobs", "check")):
        checked = stack.command(*words)
        if checked.returncode != 0:
            yield f"{' '.join(words)}: {(checked.stdout + checked.stderr).strip()[:500]}"


def _told(visitors: list[Visitor], seconds: float) -> Iterator[str]:
    done = sum((visitor.done for visitor in visitors), Counter[str]())
    yield f"{len(visitors)} people, {seconds:.0f} s, {sum(visitor.heard for visitor in visitors)} events heard"
    for name, count in done.most_common():
        yield f"{name:24} {count}"
