"""One client that uploads, in a process of its own: `python -m bench.sender`, orders on standard input.

The form is made of bytes prepared beforehand and goes out with plain `sendall`: no library parses or copies it.
Then the files are asked for until all of them are ready, as a client does that waits for its upload.
"""

from __future__ import annotations

import json
import os
import socket
import time

import msgspec

from bench.child import Child, carry_out, cpu_s

PIECE_BYTES = 1 << 20
BOUNDARY = "strongroom-bench-4d1c"
ANSWER_BYTES = 1 << 16
READY_S = 60.0
TIMEOUT_S = 120.0
END = f"--{BOUNDARY}--\r\n".encode()


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """`uploads` forms one after the other, each of `files` files of `size_bytes`. `poll_s`: pause between questions."""

    host: str
    port: int
    token: str
    uploads: int = 1
    files: int = 1
    size_bytes: int
    poll_s: float = 0.005


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from the first byte sent, per form: to its 202, and until all its files were ready."""

    acknowledged_s: list[float]
    ready_s: list[float]
    cpu_share: float


def start(orders: Orders) -> Child[Outcome]:
    return Child("bench.sender", orders, Outcome, TIMEOUT_S)


def run(orders: Orders) -> Outcome:
    return start(orders).outcome()


class Connection:
    """HTTP/1.1, kept alive, for answers that come with their length."""

    def __init__(self, orders: Orders) -> None:
        self._socket = socket.create_connection((orders.host, orders.port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._credentials = f"Host: {orders.host}\r\nAuthorization: Bearer {orders.token}\r\n"

    def head(self, line: str, *headers: str) -> bytes:
        return (
            f"{line} HTTP/1.1\r\n{self._credentials}" + "".join(f"{each}\r\n" for each in headers) + "\r\n"
        ).encode()

    def send(self, data: bytes | memoryview) -> None:
        self._socket.sendall(data)

    def answer(self, status: int) -> bytes:
        """The body. RuntimeError for another status."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, body = data[:end].decode("latin-1"), data[end + 4 :]
        lengths = [line.partition(":")[2] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        while len(body) < int(lengths[0]):
            body += self._more()
        if int(head.split(" ", 2)[1]) != status:
            raise RuntimeError(f"{head.splitlines()[0]}: {body[:300]!r}")
        return body

    def _more(self) -> bytes:
        data = self._socket.recv(ANSWER_BYTES)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data


def _upload(connection: Connection, orders: Orders, piece: memoryview) -> list[str]:
    """The ids of the files, once they are acknowledged."""
    openings = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bench-{number}.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        for number in range(orders.files)
    ]
    size_bytes = sum(len(opening) + orders.size_bytes + 2 for opening in openings) + len(END)
    head = connection.head(
        "POST /api/v1/upload/files",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {size_bytes}",
    )
    for opening in openings:
        connection.send(head + opening)
        head = b""
        for _ in range(orders.size_bytes // PIECE_BYTES):
            connection.send(piece)
        connection.send(bytes(piece[: orders.size_bytes % PIECE_BYTES]) + b"\r\n")
    connection.send(END)
    return [one["file_id"] for one in json.loads(connection.answer(202))["files"]]


def _wait(connection: Connection, file_id: str, poll_s: float) -> None:
    until_s = time.perf_counter() + READY_S
    while time.perf_counter() < until_s:
        connection.send(connection.head(f"GET /api/v1/files/{file_id}"))
        status = json.loads(connection.answer(200))["status"]
        if status == "ready":
            return
        if status == "error":
            break
        time.sleep(poll_s)
    raise RuntimeError("a file did not become ready")


def send(orders: Orders) -> Outcome:
    piece = memoryview(os.urandom(PIECE_BYTES))
    connection = Connection(orders)
    acknowledged_s: list[float] = []
    ready_s: list[float] = []
    sending_cpu_s = 0.0
    for _ in range(orders.uploads):
        began_s, began_cpu_s = time.perf_counter(), cpu_s()
        file_ids = _upload(connection, orders, piece)
        acknowledged_s.append(time.perf_counter() - began_s)
        sending_cpu_s += cpu_s() - began_cpu_s
        for file_id in file_ids:
            _wait(connection, file_id, orders.poll_s)
        ready_s.append(time.perf_counter() - began_s)
    return Outcome(acknowledged_s=acknowledged_s, ready_s=ready_s, cpu_share=sending_cpu_s / sum(acknowledged_s))


def main() -> None:
    carry_out(Orders, send)


if __name__ == "__main__":
    main()
