"""What makes something durable, or destroys it, in one process: each is a step, and the process can be made to die at
any of them, right before it and right after it.

Steps are the commits of `keyring.db`, `uploads.db` and `events.db`, whoever makes them; fsync and fdatasync; names that
are given, taken and made; and writes in place of the two files that are overwritten, the server key and the keyring's
mark. What a process only remembers (locks, rate limits, read tables, progress) is none.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

DATABASES: Final = frozenset({"keyring.db", "uploads.db", "events.db"})
OVERWRITTEN: Final = frozenset({"server.key", "keyring.mark"})
FORGETFUL: Final = ("run/progress", "run/turns", "projections-")
PLAIN: Final = ("fsync", "fdatasync", "rename", "replace", "link", "unlink", "remove", "rmdir", "mkdir", "pwrite")
_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?"
    r"|(?<=blobs/)[0-9a-f]{2}\b|(?<=\.)[0-9a-f]{16}\b"
)
_VERBS: Final = {"fdatasync": "fsync", "replace": "rename", "remove": "unlink", "pwrite": "overwrite"}


class Side(Enum):
    BEFORE = "before"
    AFTER = "after"


class Point(msgspec.Struct, frozen=True):
    """`step`: which one, from 0."""

    step: int
    side: Side


class Steps:
    """Those of one process from `begin` to `end`. `told` hears the step's name when the process dies at `point`."""

    def __init__(self, root: Path, point: Point | None, told: Callable[[str], object]) -> None:
        self.names: list[str] = []
        self._root = root
        self._point = point
        self._told = told
        self._counting = False
        self._turn = threading.Lock()

    def begin(self) -> None:
        self._counting = True

    def end(self) -> None:
        self._counting = False

    def before(self, name: str) -> int:
        """The number of the step that follows; -1 for what is none. It does not return where the process dies."""
        if not self._counting:
            return -1
        with self._turn:
            number = len(self.names)
            self.names.append(name)
            self._die_at(number, Side.BEFORE)
        return number

    def after(self, number: int) -> None:
        if number >= 0:
            self._die_at(number, Side.AFTER)

    def _die_at(self, number: int, side: Side) -> None:
        if self._point == Point(number, side):
            self._told(self.names[number])
            os.kill(os.getpid(), signal.SIGKILL)

    def shown(self, path: str) -> str | None:
        """As people read it: below the folder, without ids. None for what lies elsewhere, or counts for nothing."""
        if not path.startswith(f"{self._root}/"):
            return None
        below = path.removeprefix(f"{self._root}/").removesuffix(" (deleted)")
        below = "the folder" if below == "data" else below.removeprefix("data/")
        return None if below.startswith(FORGETFUL) else _ID.sub("…", below)


@contextmanager
def watched(steps: Steps) -> Iterator[None]:
    """Inside, every step of this process comes by `steps`; connections that were there before are not seen."""
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in PLAIN}

    def hook(connection: apsw.Connection) -> None:
        _watch_commits(steps, connection)

    apsw.connection_hooks.append(hook)
    for name, call in real.items():
        setattr(os, name, _stepping(steps, name, call))
    try:
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)
        apsw.connection_hooks.remove(hook)


def _stepping(steps: Steps, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def step(*given: Any, **named: Any) -> Any:
        shown = _name(steps, name, given, named)
        number = -1 if shown is None else steps.before(shown)
        try:
            return call(*given, **named)
        finally:
            steps.after(number)

    return step


def _name(steps: Steps, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    path = _path(given[0], named.get("dir_fd") or named.get("src_dir_fd"))
    shown = steps.shown(path)
    if name == "pwrite" and Path(path).name not in OVERWRITTEN:
        return None
    there = os.path.lexists(path)
    if (name in ("unlink", "remove", "rmdir") and not there) or (name == "mkdir" and there):
        return None  # Nothing comes of it.
    if name in ("rename", "replace", "link"):
        other = steps.shown(_path(given[1], named.get("dst_dir_fd")))
        return None if other is None else f"{_VERBS.get(name, name)} {shown} to {other}"
    return None if shown is None else f"{_VERBS.get(name, name)} {shown}"


def _path(given: Any, folder: int | None) -> str:
    if isinstance(given, int):
        return str(Path(f"/proc/self/fd/{given}").readlink())
    text = os.fspath(given)
    below = text.decode() if isinstance(text, bytes) else str(text)
    return below if folder is None else f"{_path(folder, None)}/{below}"


def _watch_commits(steps: Steps, connection: apsw.Connection) -> None:
    """Before: SQLite asks. After: the statement that committed has ended."""
    path = Path(connection.filename)
    if path.name not in DATABASES or (shown := steps.shown(str(path))) is None:
        return
    is_new = not path.exists() or path.stat().st_size == 0
    committing: list[int] = []
    changes = -1 if is_new else 0  # What makes the tables counts as no change.

    def asked() -> bool:
        nonlocal changes
        before, changes = changes, connection.total_changes()
        if before == changes:
            return False  # Nothing comes of it.
        also = [name for name in connection.db_names() if name not in ("main", "temp")]
        committing.append(steps.before(" and ".join((f"commit {shown}", *(f"{name}.db" for name in also)))))
        return False  # It may go on.

    def ended(_: object) -> None:
        while committing:
            steps.after(committing.pop())

    connection.set_commit_hook(asked)
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, ended)
