"""Killing an operation at each of its steps, on a copy of the same folder, and looking at what is left."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from tests.crash.operations import OPERATIONS
from tests.crash.steps import Point, Side, Steps, watched
from tests.crash.story import ACTED_S, AGAIN_S, JUDGED_S, Facts, Folder, Operation, begun, require_sound
from tests.zygote import Tell, Zygote

ALL_UP_TO: Final = 16  # Of an operation with more steps, not all are tried: see `_chosen`.


class Result(msgspec.Struct, frozen=True):
    """What a crash at a step leaves: True, the new state; None, it was not tried."""

    name: str
    before: bool | None
    after: bool | None


@contextmanager
def begun_folder(zygote: Zygote) -> Iterator[tuple[Path, Facts]]:
    """A room for copies, with Ada's folder in it: in memory where there is such a place, since it is processes that
    die here, and not disks."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as room:
        base = Path(room) / "base"
        base.mkdir()
        yield base, _begin_folder(zygote, base)


def _begin_folder(zygote: Zygote, root: Path) -> Facts:
    facts = zygote.result(_begin, Folder(root))
    assert isinstance(facts, Facts)
    return facts


def results(zygote: Zygote, operation: Operation, base: Path, facts: Facts) -> list[Result]:
    """Of each step, in order. AssertionError where what is left is neither the old state nor the new one."""
    with TemporaryDirectory(dir=base.parent) as room:
        return _results(zygote, operation, base, facts, Path(room))


def _results(zygote: Zygote, operation: Operation, base: Path, facts: Facts, room: Path) -> list[Result]:
    name = operation.name
    ready = room / "ready"
    ready.mkdir() if operation.empty else shutil.copytree(base, ready)
    facts = zygote.result(_prepare, name, Folder(ready), facts)
    counted = _copy(ready, room)
    names: list[str] = zygote.result(_count, name, Folder(counted, ACTED_S), facts)
    done = zygote.result(_judge, name, Folder(counted, JUDGED_S), facts, False, True)
    assert done, f"{name}: done, it is not the new state"
    shutil.rmtree(counted)
    chosen = _chosen(names)
    found = []
    for step, step_name in enumerate(names):
        states = [
            _state(zygote, operation, ready, room, facts, point, step_name) if point in chosen else None
            for point in (Point(step, Side.BEFORE), Point(step, Side.AFTER))
        ]
        found.append(Result(step_name, *states))
    return found


def require_order(operation: Operation, found: Sequence[Result]) -> None:
    """Old until some step, new from there on: nothing that was done is undone by going on."""
    states = [state for result in found for state in (result.before, result.after) if state is not None]
    assert states == sorted(states), f"{operation.name}: what was new is old again: {states}"
    assert states[-1:] == [True], f"{operation.name}: after its last step it is not done"


def _state(
    zygote: Zygote, operation: Operation, ready: Path, room: Path, facts: Facts, point: Point, step_name: str
) -> bool:
    where = f"{operation.name}: killed {point.side.value} step {point.step + 1}, {step_name}"
    case = _copy(ready, room)
    ended = zygote(_kill, operation.name, Folder(case, ACTED_S), facts, point)
    assert ended.killed == signal.SIGKILL, f"{where}: it was not. {ended.fault}"
    assert ended.said == (step_name,), f"{where}: that step was {ended.said} this time"
    deep = point.step == 0 and point.side is Side.BEFORE
    judged = zygote(_judge, operation.name, Folder(case, JUDGED_S), facts, operation.again, deep)
    assert not judged.fault, f"{where}\n{judged.fault}"
    assert not judged.killed, f"{where}: the start after it died"
    shutil.rmtree(case)
    return bool(judged.said[-1])


def _chosen(names: Sequence[str]) -> set[Point]:
    """All; of very many, before the first, after the last of a kind in a row, and both sides of all that gives a name
    or commits. What lies between is more of the same, and stands on the page all the same."""
    every = {Point(step, side) for step in range(len(names)) for side in Side}
    if len(names) <= ALL_UP_TO:
        return every
    kinds = [_kind(name) for name in names]
    last = {at for at, (kind, following) in enumerate(zip(kinds, [*kinds[1:], ""], strict=True)) if kind != following}
    deciding = {at for at, name in enumerate(names) if name.startswith(("commit", "rename"))}
    return {Point(0, Side.BEFORE)} | {
        point for point in every if point.step in deciding or (point.step in last and point.side is Side.AFTER)
    }


def _kind(name: str) -> str:
    """What is done, and in which of the folders: `fsync backups`."""
    return name.partition("/")[0]


def _copy(ready: Path, room: Path) -> Path:
    case = room / "case"
    shutil.copytree(ready, case, symlinks=True)
    return case


# -- in forks ------------------------------------------------------------------------------------------------------


def _begin(_: Tell, folder: Folder) -> Facts:
    return begun(folder)


def _prepare(_: Tell, name: str, folder: Folder, facts: Facts) -> Facts:
    prepare = OPERATIONS[name].prepare
    return facts if prepare is None else replace(facts, more=prepare(folder, facts))


def _count(_: Tell, name: str, folder: Folder, facts: Facts) -> list[str]:
    steps = Steps(folder.root, None, lambda _: None)
    with watched(steps):
        OPERATIONS[name].act(folder, facts, steps.begin, steps.end)
    return steps.names


def _kill(tell: Tell, name: str, folder: Folder, facts: Facts, point: Point) -> None:
    steps = Steps(folder.root, point, tell)
    with watched(steps):
        OPERATIONS[name].act(folder, facts, steps.begin, steps.end)


def _judge(_: Tell, name: str, folder: Folder, facts: Facts, again: bool, deep: bool) -> bool:
    """The state; where it is the old one and can be asked for `again`, that has worked, too."""
    operation = OPERATIONS[name]
    state = operation.judge(folder, facts)
    if not state and again:
        folder = replace(folder, later_s=AGAIN_S)
        operation.act(folder, facts, _nothing, _nothing)
        assert operation.judge(folder, facts), "asked for again, it was not done"
    require_sound(folder, deep=deep and not operation.bare)
    return state


def _nothing() -> None:
    pass
