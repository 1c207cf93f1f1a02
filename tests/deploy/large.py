"""Large files made on the fly: sent and fetched by curl, in constant memory here; and what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Literal

from tests.deploy.proxies import Proxy

BLOCK_BYTES: Final = 1 << 20
CANARY: Final = b"strongroom-canary-of-a-large-file-" + os.urandom(12).hex().encode()
BOUNDARY: Final = "a-boundary-of-a-test"
TRANSFER_S: Final = 240.0
LOOK_S: Final = 0.25
Version = Literal["1.1", "2"]
Json = dict[str, Any]


class Made:
    """`blocks` of 1 MiB, each another, each with the canary in it."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.size_bytes = blocks * BLOCK_BYTES
        self._seed = bytearray(os.urandom(BLOCK_BYTES - len(CANARY)) + CANARY)

    def block(self, at: int) -> bytes:
        self._seed[:8] = at.to_bytes(8, "big")
        return bytes(self._seed)

    def read(self) -> Iterator[bytes]:
        yield from map(self.block, range(self.blocks))


def post(proxy: Proxy, path: str, token: str, made: Made, version: Version = "2") -> tuple[int, Json]:
    """As a form of one file. Status and answer. Over HTTP/2 it costs twice the processor time of HTTP/1.1."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    words = (
        "--request", "POST", "--upload-file", "-", "--header", "Expect:", "--header", "Transfer-Encoding:",
        "--header", f"Content-Length: {len(head) + made.size_bytes + len(tail)}",
        "--header", f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "--write-out", "\n%{http_version} %{http_code}",
    )  # fmt: skip
    with _curl(proxy, path, token, version, words) as (write, read):

        def send() -> None:
            with suppress(BrokenPipeError), write:  # Refused early: curl has hung up.
                write.write(head)
                for block in made.read():
                    write.write(block)
                write.write(tail)

        sending = threading.Thread(target=send)
        sending.start()
        answer, _, said = read.read().decode().rpartition("\n")
        sending.join()
    spoken, status = said.split()
    assert spoken == version
    return int(status), json.loads(answer)


def require_same(proxy: Proxy, path: str, token: str, made: Made, version: Version = "2") -> None:
    """Fetches it, and compares as it comes: AssertionError at the first byte that is another, missing or too many."""
    with _curl(proxy, path, token, version, ("--fail",)) as (write, read):
        write.close()
        for at, block in enumerate(made.read()):
            assert read.read(BLOCK_BYTES) == block, f"block {at} of {made.blocks}"
        assert read.read(1) == b"", "more comes than was sent"


@contextmanager
def _curl(
    proxy: Proxy, path: str, token: str, version: Version, words: Sequence[str]
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Its two ends. AssertionError when it ends badly."""
    command = ["curl", "--silent", "--show-error", f"--http{version}", "--no-buffer", "--max-time", str(TRANSFER_S)]
    command += ["--cacert", str(proxy.certificate), "--header", f"Authorization: Bearer {token}", *words]
    with subprocess.Popen(
        [*command, f"{proxy.ports.origin}/api/v1{path}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdin, process.stdout
            assert process.wait(TRANSFER_S) == 0
        finally:
            process.kill()


@dataclass(slots=True)
class Traces:
    """What a proxy did to its disk while it was watched. `written_bytes`: what the kernel was given for the disk."""

    written_bytes: int = 0
    files: dict[str, int] = field(default_factory=dict)
    memory_bytes: int = 0


@contextmanager
def watched(proxy: Proxy) -> Iterator[Traces]:
    """Looks four times a second at the files of its folder and at those that it has open, with or without a name."""
    traces, done = Traces(), threading.Event()
    pids = proxy.pids()
    before = sum(_written(pid) for pid in pids)
    known = {str(path) for path in proxy.folder.rglob("*")}

    def look() -> None:
        while not done.wait(LOOK_S):
            for path, size_bytes in (*_in_folder(proxy.folder), *_held(pids)):
                if path not in known and path.startswith("/") and not path.startswith(("/dev/", "/usr/", "/lib")):
                    traces.files[path] = max(size_bytes, traces.files.get(path, 0))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield traces
    finally:
        done.set()
        thread.join()
        traces.written_bytes = sum(_written(pid) for pid in pids) - before
        traces.memory_bytes = max(_peak(pid) for pid in pids)


def _in_folder(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                yield str(path), path.stat().st_size


def _held(pids: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Open regular files, unlinked ones too."""
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # Closed while we looked.
                if entry.is_file():
                    yield str(entry.readlink()), entry.stat().st_size


def _written(pid: int) -> int:
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes: "):
            return int(line.split()[1])
    raise AssertionError(f"/proc/{pid}/io says nothing of write_bytes")


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"/proc/{pid}/status says nothing of VmHWM")
