"""What is done with files beyond keeping them: voice notes, ranges, resumable uploads."""

from __future__ import annotations

import base64
import io
import math
import os
import random
import socket
import struct
import time
import wave

from bench import load
from bench.figures import MEGABYTE, percentile
from bench.load import Orders
from bench.person import Person
from bench.processes import largest_mb, peaks, spent_ms
from bench.report import Row, Target
from bench.server import HOST
from bench.stage import Stage

MIB = 1 << 20
NOTE_S = 30
NOTE_RATE_HZ = 16_000
RANGE_BYTES = 64 << 10
RANGE_CLIENTS = 16
RANGES = 500
POLL_S = 0.005
TIMEOUT_S = 120.0
SPEED = Target(300)
MEMORY_MB = Target(150, at_least=False)


def measure(stage: Stage) -> None:
    person = Person(stage.server.port)
    _voice_notes(stage, person)
    _ranges(stage, person)
    _resumable(stage, person)


def _voice_notes(stage: Stage, person: Person) -> None:
    note = _tone(NOTE_S)
    ready_s: list[float] = []
    drawn_s: list[float] = []
    for _ in range(max(2, stage.scale.small_files // 3)):
        began_s = time.perf_counter()
        answer = person.call("POST", "upload/audio?name=note.wav", note, media_type="audio/wav")[1]
        file_id = answer["files"][0]["file_id"]
        ready_s.append(_wait(person, file_id, "ready") - began_s)
        drawn_s.append(_wait(person, file_id, "drawn") - began_s)
    size = f"{NOTE_S} s of sound, {len(note) / MEGABYTE:.1f} MB"
    for key, what, took_s in (("ready", "to `ready`", ready_s), ("drawn", "to its length and waveform", drawn_s)):
        stage.report.add(
            Row(
                key=f"note.{key}",
                what=f"a voice note, {what}",
                value=percentile(took_s, 50) * 1e3,
                unit="ms",
                detail=f"median of {len(took_s)}: {size}; p99 {percentile(took_s, 99) * 1e3:.0f} ms",
            )
        )


def _wait(person: Person, file_id: str, state: str) -> float:
    """The moment at which the file's row first showed it."""
    until_s = time.perf_counter() + TIMEOUT_S
    while time.perf_counter() < until_s:
        row = person.call("GET", f"files/{file_id}")[1]
        if row["audio"] is not None or (state == "ready" and row["status"] == "ready"):
            return time.perf_counter()
        if row["error_code"] is not None:
            raise RuntimeError(f"a voice note failed: {row['error_code']}")
        time.sleep(POLL_S)
    raise RuntimeError(f"a voice note was not {state} in time")


def _ranges(stage: Stage, person: Person) -> None:
    size_bytes = max(4 * MIB, stage.scale.big_file_bytes // 10)
    answer = person.call("POST", "upload/audio?name=film.bin", os.urandom(size_bytes), media_type="audio/x-unknown")[1]
    file_id = answer["files"][0]["file_id"]
    until_s = time.perf_counter() + TIMEOUT_S
    while person.call("GET", f"files/{file_id}")[1]["status"] != "ready":
        if time.perf_counter() > until_s:
            raise RuntimeError("the file for ranges was not ready in time")
        time.sleep(POLL_S)
    rng = random.Random(0)
    starts = [rng.randrange(size_bytes - RANGE_BYTES) for _ in range(RANGES)]
    requests = [
        person.request("GET", f"files/{file_id}/content", headers=f"Range: bytes={at}-{at + RANGE_BYTES - 1}\r\n")
        for at in starts
    ]
    before = stage.server.usage()
    orders = Orders(
        host=HOST,
        port=person.port,
        clients=RANGE_CLIENTS,
        seconds=stage.scale.seconds,
        warm_up_s=stage.scale.warm_up_s,
        requests=requests,
    )
    found = load.run(orders)
    spent = spent_ms(before, stage.server.usage(), "api", found.total)
    stage.report.add(
        Row(
            key="ranges",
            what=f"ranges of {RANGE_BYTES >> 10} KiB, {RANGE_CLIENTS} clients",
            value=found.per_s,
            unit="/s",
            detail=f"anywhere in {size_bytes / MEGABYTE:.0f} MB; p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms,"
            f" {found.errors} errors; API {spent:.2f} processor ms a range (a segment of 1 MiB is opened for each)",
            against=("empty",),
        )
    )


def _resumable(stage: Stage, person: Person) -> None:
    """tus: created, then one PATCH for all of it, as clients without a chunk size do."""
    size_bytes = stage.scale.big_file_bytes
    before = stage.server.usage()
    with socket.create_connection((HOST, person.port), timeout=TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = base64.b64encode(b"big.bin").decode()
        tus = "Tus-Resumable: 1.0.0\r\n"
        connection.sendall(
            person.request(
                "POST", "uploads", headers=f"{tus}Upload-Length: {size_bytes}\r\nUpload-Metadata: filename {name}\r\n"
            )
        )
        place = _header(_head(connection, 201), "location").rpartition("/api/v1/")[2]
        piece = os.urandom(MIB)
        head = person.request(
            "PATCH",
            place,
            headers=f"{tus}Upload-Offset: 0\r\n",
            media_type="application/offset+octet-stream",
            length=size_bytes,
        )
        began_s = time.perf_counter()
        connection.sendall(head)
        for at in range(0, size_bytes, MIB):
            connection.sendall(memoryview(piece)[: min(MIB, size_bytes - at)])
        _head(connection, 204)
        took_s = time.perf_counter() - began_s
    after = stage.server.usage()
    mebibytes = size_bytes / MIB
    stage.report.add(
        Row(
            key="tus",
            what=f"tus upload of {size_bytes // MEGABYTE:,} MB, to the 204",
            value=size_bytes / took_s / MEGABYTE,
            unit="MB/s",
            detail=f"{took_s:.2f} s; API {spent_ms(before, after, 'api', mebibytes):.2f} processor ms a MiB;"
            f" offsets made durable on the way",
            against=("disk", "sha256"),
            target=SPEED,
        )
    )
    stage.report.add(
        Row(
            key="tus.memory",
            what=f"tus upload of {size_bytes // MEGABYTE:,} MB, largest process",
            value=largest_mb(after),
            unit="MB",
            detail=peaks(after),
            target=MEMORY_MB,
        )
    )


def _head(connection: socket.socket, status: int) -> str:
    """An answer's head; its body, if any, is not read: the connection is used for one answer after another only where
    there is none."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(1 << 16)
        if not data:
            raise RuntimeError("the connection ended before the answer")
        received += data
    head = received.decode("latin-1")
    if not head.startswith(f"HTTP/1.1 {status}"):
        raise RuntimeError(f"not {status}: {head[:300]!r}")
    return head


def _header(head: str, name: str) -> str:
    for line in head.split("\r\n"):
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    raise RuntimeError(f"no {name} in the answer")


def _tone(seconds: int) -> bytes:
    """A tone as WAV: mono, 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(NOTE_RATE_HZ)
        one_s = [int(9_000 * math.sin(at * 0.17)) for at in range(NOTE_RATE_HZ)]
        file.writeframes(struct.pack(f"<{NOTE_RATE_HZ}h", *one_s) * seconds)
    return out.getvalue()
