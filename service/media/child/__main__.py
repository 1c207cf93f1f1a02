"""`python -m service.media.child`: one job, told over the socket that is standard input. Exit code 0 if it was
answered, with a result or a code."""

from __future__ import annotations

import importlib
import os
import socket
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from service.media.child import confine
from service.media.child.files import Input, Parent, Refused
from service.media.values import Job, Task
from service.media.wire import Kind

Run = Callable[[Job, Input, Parent], msgspec.Struct]
_PLACES: Final[dict[Task, tuple[str, str]]] = {
    "probe": ("probe", "run"),
    "remux": ("render", "remux"),
    "aac": ("render", "to_aac"),
    "pcm": ("samples", "run"),
    "thumbnail": ("image", "run"),
    "confinement": ("attempts", "run"),
}


def main() -> int:
    confine.begin()
    parent = Parent(socket.socket(fileno=0))
    job = msgspec.msgpack.decode(parent.receive(Kind.JOB), type=Job)
    run = _load(job.task)  # Libraries first: after the next line no file can be opened.
    confine.shut(job.memory_bytes, job.cpu_s)
    try:
        kind, payload = Kind.RESULT, msgspec.msgpack.encode(run(job, Input(parent, job.size_bytes), parent))
    except Refused as refused:
        kind, payload = Kind.FAILED, msgspec.msgpack.encode(refused.code)
    except MemoryError:
        kind, payload = Kind.FAILED, msgspec.msgpack.encode("media_too_large")
    parent.send(kind, payload)
    return 0


def _load(task: Task) -> Run:
    module, name = _PLACES[task]
    run: Run = getattr(importlib.import_module(f"service.media.child.{module}"), name)
    return run


if __name__ == "__main__":
    try:
        code = main()
    except BaseException:  # noqa: BLE001  The parent is gone, or this child is not confined, or hostile bytes did it.
        code = 1  # Without a traceback: telling one runs through objects that those bytes may have made.
    sys.stdout = sys.stderr = None
    os._exit(code)  # No finaliser of a library that has seen hostile bytes.
