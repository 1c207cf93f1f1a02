"""What the disk, SQLite, the primitives and an empty route do by themselves: nothing built on them can be faster."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import time
from pathlib import Path

import apsw
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import load
from bench.conditions import sync_times
from bench.figures import MEGABYTE, percentile, rate, repeat
from bench.load import Orders
from bench.report import Row
from bench.server import HOST, ROOT
from bench.stage import Stage
from service.commands.crews import api_command
from vault.kdf import SALT_BYTES, PasswordParams

MIB = 1 << 20
ROW_BYTES = 600  # About what a message of 150 bytes takes in the log: envelope, sealed bytes, hash.
ROWS_AT_ONCE = (1, 64, 512)
SEALED_BYTES = 200
STRETCHED_BYTES = 64
EMPTY_CLIENTS = 64
START_S = 20.0


def measure(stage: Stage) -> None:
    room = stage.room("limits")
    _disk(stage, room)
    _sqlite(stage, room)
    _primitives(stage)
    _empty_route(stage)


def _disk(stage: Stage, room: Path) -> None:
    took_s = sync_times(room, stage.scale.limit_s)
    detail = f"{percentile(took_s, 50) * 1e3:.2f} ms at the median, p99 {percentile(took_s, 99) * 1e3:.2f} ms"
    stage.report.add(Row(key="sync", what="fdatasync of a 4 KiB block", value=rate(took_s), unit="/s", detail=detail))
    block = memoryview(os.urandom(MIB))
    size_bytes = stage.scale.big_file_bytes
    began_s = time.perf_counter()
    with (room / "sequential").open("wb", buffering=0) as file:
        for _ in range(size_bytes // MIB):
            file.write(block)
        os.fsync(file.fileno())
    speed = size_bytes // MIB * MIB / (time.perf_counter() - began_s) / MEGABYTE
    (room / "sequential").unlink()
    detail = f"{size_bytes // MEGABYTE} MB in pieces of 1 MiB, one fsync at the end"
    stage.report.add(Row(key="disk", what="sequential write", value=speed, unit="MB/s", detail=detail))


def _sqlite(stage: Stage, room: Path) -> None:
    connection = apsw.Connection(str(room / "plain.db"))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE event (position INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT")
    data = os.urandom(ROW_BYTES)
    for count in ROWS_AT_ONCE:
        rows = [(data,)] * count

        def commit(rows: list[tuple[bytes]] = rows) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO event (data) VALUES (?)", rows)
            connection.execute("COMMIT")

        speed = rate(repeat(commit, stage.scale.limit_s), count)
        what = f"SQLite insert, {count} a commit"
        detail = f"rows of {ROW_BYTES} bytes, no index, WAL, synchronous=FULL"
        stage.report.add(Row(key=f"sqlite.{count}", what=what, value=speed, unit="/s", detail=detail))
    held = connection.execute("SELECT count(*) FROM event").fetchone()
    assert held is not None
    took_s = repeat(lambda: connection.execute("SELECT position, data FROM event").fetchall(), 0, least=1)
    stage.report.add(Row(key="sqlite.read", what="SQLite read in order", value=held[0] / took_s[0], unit="/s"))
    connection.close()


def _primitives(stage: Stage) -> None:
    key, nonce, piece, out = AESGCM(os.urandom(32)), bytes(12), os.urandom(MIB), bytearray(MIB + 16)
    most_s = stage.scale.limit_s
    sealed = key.encrypt(nonce, os.urandom(SEALED_BYTES - 16), None)
    speeds = {
        "seal": ("AES-256-GCM, seal 1 MiB", lambda: key.encrypt_into(nonce, piece, None, out), MIB / MEGABYTE, "MB/s"),
        "sha256": ("SHA-256 of 1 MiB", lambda: hashlib.sha256(piece).digest(), MIB / MEGABYTE, "MB/s"),
        "open": (f"AES-256-GCM, open {SEALED_BYTES} bytes", lambda: key.decrypt(nonce, sealed, None), 1, "/s"),
    }
    for name, (what, work, each, unit) in speeds.items():
        row = Row(key=name, what=what, value=rate(repeat(work, most_s), each), unit=unit, detail="one thread")
        stage.report.add(row)
    cost = PasswordParams(salt=os.urandom(SALT_BYTES))
    took_s = repeat(lambda: _stretch(cost), most_s / 2, least=2)
    detail = f"t={cost.time_cost}, {cost.memory_kib // 1024} MiB, p={cost.parallelism}: as for a new password"
    value = percentile(took_s, 50) * 1e3
    stage.report.add(Row(key="argon2", what="Argon2id of one password", value=value, unit="ms", detail=detail))


def _stretch(cost: PasswordParams) -> bytes:
    return hash_secret_raw(
        b"correct horse battery staple",
        cost.salt,
        cost.time_cost,
        cost.memory_kib,
        cost.parallelism,
        STRETCHED_BYTES,
        Type.ID,
    )


def _empty_route(stage: Stage) -> None:
    """The same server, processes and load as for messages, with nothing behind the route."""
    with socket.create_server((HOST, 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        descriptor = listener.fileno()
        command = [*api_command(f"fd://{descriptor}")[:-1], "bench.empty:create()"]
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        process = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[descriptor])
        body = b'{"content":"' + bytes([120]) * 150 + b'"}'
        request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        orders = Orders(
            host=HOST,
            port=port,
            clients=EMPTY_CLIENTS,
            seconds=stage.scale.seconds / 2,
            warm_up_s=stage.scale.warm_up_s,
            requests=[request],
        )
        try:
            load.run(Orders(host=HOST, port=port, clients=1, seconds=START_S, most_requests=1, requests=[request]))
            found = load.run(orders)
        finally:
            process.terminate()
            process.wait()
    detail = f"{EMPTY_CLIENTS} clients; p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, {found.errors} errors"
    stage.report.add(Row(key="empty", what="an empty Falcon route", value=found.per_s, unit="/s", detail=detail))
