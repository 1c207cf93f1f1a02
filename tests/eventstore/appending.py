"""A process that appends and says so: `python -m tests.eventstore.appending FOLDER NAME THREADS COUNT`.

Each thread writes streams of its own and the one that all share; what was acknowledged is printed, a line each.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.writer import LogWriter
from tests.eventstore.records import one, writing

SHARED = "chat-shared"


def append_many(folder: Path, writer: LogWriter, name: str, count: int) -> None:
    log = Log(folder / "events.db")
    for number in range(count):
        stream = f"message-{name}-{number}"
        acknowledge(writer.append(one(stream, user=name)).last, stream)
        if number % 5 == 0:
            acknowledge(append_to_shared(log, writer), SHARED)
    log.close()


def append_to_shared(log: Log, writer: LogWriter) -> int:
    """Until it wins: everybody decides on the version they saw."""
    while True:
        try:
            return writer.append(one(SHARED, len(log.read_stream(SHARED)) + 1)).last
        except VersionConflict:
            continue


def acknowledge(position: int, stream: str) -> None:
    """One write, so that a killed process leaves no half line."""
    os.write(sys.stdout.fileno(), f"{position} {stream}\n".encode())


def main(folder: Path, name: str, threads: int, count: int) -> None:
    with writing(folder) as writer:
        running = [
            threading.Thread(target=append_many, args=(folder, writer, f"{name}-{thread}", count))
            for thread in range(threads)
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
