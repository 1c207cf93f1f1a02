"""The parent's side of one child: starts it, answers its questions, ends it. Never believes it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar, assert_never

import msgspec

from service.media.errors import FailureCode, MediaFailed
from service.media.limits import Limits
from service.media.values import Job, Sink, Source, Task
from service.media.wire import FRAME_MAX_BYTES, HEADER, RANGE, Kind, WireBroken, parse, send

Answer = TypeVar("Answer")
COMMAND: Final = (sys.executable, "-I", "-m", "service.media.child")
# All of the child's environment: the parent's holds keys. One thread, or an unconfined second one would remain.
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
REAP_S: Final = 10.0  # A child that has hung up, or was killed, is gone within this, or the kernel is in trouble.
STEP: Final = 0.01  # Least progress worth telling.


class Child:
    """One task on one file, in a process of its own. Ends with the `with`, whatever happens inside."""

    def __init__(
        self,
        task: Task,
        source: Source,
        limits: Limits,
        progress: Callable[[float], None] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """`progress` gets the part of the file that was read, rising to 1, in steps of a hundredth at least.
        OSError when no process can be started."""
        self._source = source
        self._limits = limits
        self._progress = progress
        self._told = 0.0
        self._output_bytes = 0
        self._until_s = time.monotonic() + limits.wall_s
        self._link, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    env=ENVIRONMENT,
                    cwd="/",
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in a terminal is the supervisor's.
                )
        except BaseException:
            self._link.close()
            raise
        self._job = Job(
            task=task,
            size_bytes=source.size_bytes,
            memory_bytes=limits.memory_bytes,
            cpu_s=limits.cpu_s,
            pixels=limits.pixels,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()
        self._process.kill()
        self._process.wait()

    @property
    def output_bytes(self) -> int:
        """Given out so far."""
        return self._output_bytes

    def answer(self, shape: type[Answer], sink: Sink | None = None) -> Answer:
        """The child's answer; its output goes into `sink`. MediaFailed; what source and sink raise passes through."""
        pieces = self.pieces()
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return _decode(end.value, shape)
            if sink is None:
                raise MediaFailed("media_died")  # Output that nobody asked for.
            sink.write(memoryview(piece))

    def pieces(self) -> Generator[bytes, None, bytes]:
        """The child's output piece by piece, each ≤ 1 MiB; returns the encoded answer. MediaFailed."""
        self._send(Kind.JOB, msgspec.msgpack.encode(self._job))
        while True:
            kind, payload = self._receive()
            match kind:
                case Kind.READ:
                    self._serve(payload)
                case Kind.OUTPUT:
                    self._output_bytes += len(payload)
                    if self._output_bytes > self._limits.output_bytes:
                        raise MediaFailed("media_too_large")
                    yield payload
                case Kind.ALIVE:
                    pass
                case Kind.RESULT:
                    self._tell(1.0)
                    return payload
                case Kind.FAILED:
                    raise MediaFailed(_code(payload))
                case Kind.JOB | Kind.DATA:
                    raise MediaFailed("media_died")  # These go the other way.
                case _:
                    assert_never(kind)

    def _serve(self, payload: bytes) -> None:
        if len(payload) != RANGE.size:
            raise MediaFailed("media_died")
        offset_bytes, length_bytes = RANGE.unpack(payload)
        size_bytes = self._job.size_bytes
        if length_bytes > FRAME_MAX_BYTES or offset_bytes + length_bytes > size_bytes:
            raise MediaFailed("media_died")
        self._send(Kind.DATA, self._source.read_at(offset_bytes, length_bytes))
        part = (offset_bytes + length_bytes) / max(size_bytes, 1)
        if part >= self._told + STEP and part < 1.0:  # The index at a file's end is often read first.
            self._tell(part)

    def _tell(self, part: float) -> None:
        self._told = part
        if self._progress is not None:
            self._progress(part)

    # Every wait for the child is in these three. What source, sink and progress raise never passes through them.

    def _send(self, kind: Kind, payload: bytes) -> None:
        try:
            self._link.settimeout(self._patience_s())
            send(self._link, kind, payload)
        except TimeoutError:
            raise MediaFailed("media_too_slow") from None
        except OSError:
            raise MediaFailed(self._cause()) from None

    def _receive(self) -> tuple[Kind, bytes]:
        try:
            kind, size_bytes = parse(self._exactly(HEADER.size))
            return kind, self._exactly(size_bytes)
        except TimeoutError:
            raise MediaFailed("media_too_slow") from None
        except WireBroken:
            raise MediaFailed("media_died") from None
        except OSError:
            raise MediaFailed(self._cause()) from None

    def _exactly(self, size_bytes: int) -> bytes:
        data = bytearray(size_bytes)
        rest = memoryview(data)
        while rest:
            self._link.settimeout(self._patience_s())
            count = self._link.recv_into(rest)
            if not count:
                raise ConnectionResetError
            rest = rest[count:]
        return bytes(data)

    def _patience_s(self) -> float:
        """A child that answers byte by byte is patient, too: the end of its time comes all the same."""
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return min(left_s, self._limits.stall_s)

    def _cause(self) -> FailureCode:
        """Why a child has hung up."""
        try:
            status = self._process.wait(REAP_S)
        except subprocess.TimeoutExpired:
            return "media_died"  # Hung up, and yet there: `__exit__` ends it.
        return "media_too_slow" if status == -signal.SIGXCPU else "media_died"


def _decode(payload: bytes, shape: type[Answer]) -> Answer:
    try:
        return msgspec.msgpack.decode(payload, type=shape)
    except msgspec.DecodeError:  # A ValidationError too: an answer that no sound child gives.
        raise MediaFailed("media_died") from None


def _code(payload: bytes) -> FailureCode:
    try:
        code: FailureCode = msgspec.msgpack.decode(payload, type=FailureCode)
        return code
    except msgspec.DecodeError:
        return "media_died"
