"""A process that has imported everything and has one thread: each order is carried out by a fork of it, which may die.
Orders come, and what became of them goes, over a socket. A fork takes milliseconds, and a start of Python a second."""

from __future__ import annotations

import gc
import importlib
import io
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Final

import msgspec

ROOT: Final = Path(__file__).parents[1]
PATIENCE_S: Final = 60
_START: Final = "import sys; from tests.zygote import main; main(int(sys.argv[1]), *sys.argv[2:])"
Tell = Callable[[Any], None]
Order = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module, and what it is called with after `Tell`."""


class Ended(msgspec.Struct, frozen=True):
    """`said`: all that the fork told, the function's result last. `killed`: by which signal. `fault`: a traceback."""

    said: tuple[Any, ...]
    killed: int = 0
    fault: str = ""


class Zygote:
    """The process, as a test sees it."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def __call__(self, do: Callable[..., Any], *given: Any) -> Ended:
        self._line.send((do, given))
        if not self._line.poll(PATIENCE_S + 5):
            raise TimeoutError("a fork does not end")
        ended = self._line.recv()
        assert isinstance(ended, Ended)
        return ended

    def result(self, do: Callable[..., Any], *given: Any) -> Any:
        """AssertionError with the fork's traceback."""
        ended = self(do, *given)
        assert not ended.killed, f"killed by {signal.Signals(ended.killed).name}"
        assert not ended.fault, ended.fault
        return ended.said[-1]


@contextmanager
def living_zygote(prepare: Callable[[], None]) -> Iterator[Zygote]:
    """`prepare`: a module's function that imports whatever no fork shall have to."""
    ours, theirs = Pipe()
    with ours:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _START, str(theirs.fileno()), prepare.__module__, prepare.__name__],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        try:
            yield Zygote(ours)
        finally:
            ours.close()  # It ends when nobody is left to order anything.
            process.wait(PATIENCE_S)


def main(descriptor: int, module: str, prepare: str) -> None:
    getattr(importlib.import_module(module), prepare)()
    gc.collect()
    gc.freeze()  # What the forks only read stays shared with them.
    with Connection(descriptor) as line:
        while True:
            try:
                order = line.recv()
            except EOFError:
                return
            line.send(_carry_out(order))


def _carry_out(order: Order) -> Ended:
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads: what the others hold would be held in the fork for ever"
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read)
        signal.alarm(PATIENCE_S)
        _work(order, write)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        said = list(_told(told.read()))
    _, status = os.waitpid(child, 0)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    fault = said.pop() if not killed and os.WEXITSTATUS(status) else ""
    return Ended(tuple(said), killed, fault)


def _work(order: Order, write: int) -> None:
    """In the fork; it does not return."""

    def tell(what: Any) -> None:
        data = memoryview(pickle.dumps(what))
        while data:
            data = data[os.write(write, data) :]

    status = 1
    try:
        do, given = order
        tell(do(tell, *given))
        status = 0
    except BaseException:  # noqa: BLE001  (whatever it is, it is told)
        tell(traceback.format_exc())
    finally:
        os._exit(status)


def _told(data: bytes) -> Iterator[Any]:
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        yield pickle.load(stream)
